"""The way in."""

import re

import pytest
from playwright.sync_api import expect

ROLES = ["merchant", "provider", "operator", "data_gateway", "upstream"]


def test_every_role_signs_in_and_is_told_who_it_is(visit):
    for role in ROLES:
        shown = visit()
        page = shown.sign_in(role)
        sub = page.locator(f"input[value={role}]").get_attribute("data-sub")
        assert page.inner_text("#who") == f"{role} {sub}"
        assert re.fullmatch(r"export MARKET_TOKEN=[\w-]+\.[\w-]+\.[\w-]+", page.inner_text("#token"))
        assert shown.wrong == []


def test_whoever_is_signed_in_stays_so_in_the_tab_until_signing_out(visit):
    page = visit().sign_in()
    page.reload()
    page.wait_for_selector("#signed-in:not([hidden])")
    page.get_by_role("button", name="Sign out").click()
    assert page.is_visible("#form") and not page.is_visible("#token")
    page.reload()
    page.wait_for_selector("#ahead:not([hidden])")
    assert page.is_visible("#form")


def test_whoever_wants_few_rights_has_no_others(visit):
    shown = visit()
    page = shown.to("/")
    page.fill("#scope", "orders:read")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#who")).to_have_text("merchant shop-1")
    token = page.inner_text("#token").removeprefix("export MARKET_TOKEN=")
    headers = {"authorization": f"Bearer {token}"}
    statuses = [
        shown.context.request.get(f"{shown.market}/v1/accounts/shop-1{path}", headers=headers).status
        for path in ["/orders", "/grants"]
    ]
    assert statuses == [200, 403]


def test_what_is_refused_is_told_in_words_and_nobody_is_signed_in(visit):
    shown = visit()
    page = shown.to("/")
    page.evaluate("document.querySelector('[name=role]').value = 'nobody'")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#said")).to_contain_text("refused: say who you are")
    assert page.is_visible("#form")


def test_sign_in_works_without_script(visit):
    page = visit(java_script_enabled=False).to("/")
    page.check("input[value=operator]")
    page.fill("#sub", "ops")
    page.get_by_role("button", name="Sign in").click()
    assert '"access_token"' in page.content()


def test_a_keyboard_alone_signs_in(visit):
    page = visit().to("/")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "role":
            break
    page.keyboard.press("ArrowDown")
    assert page.input_value("#sub") == "northwind"
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#signed-in:not([hidden])")
    assert page.inner_text("#who") == "provider northwind"
    assert page.evaluate("document.activeElement.id") == "copy"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_signed_in_or_out(visit, scheme):
    shown = visit(color_scheme=scheme)
    shown.to("/").wait_for_selector("#ahead:not([hidden])")
    assert shown.axe() == []
    shown.shot(f"start-{scheme}")
    shown.sign_in()
    assert shown.axe() == []
    shown.shot(f"signed-in-{scheme}")
    shown.to("/reference.html")
    assert shown.axe() == []


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_scrolls_downwards_only(visit, width):
    shown = visit(viewport={"width": width, "height": 800}, is_mobile=True, has_touch=True)
    for path in ["/", "/reference.html"]:
        page = shown.sign_in() if path == "/" else shown.to(path)
        sizes = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert sizes[0] <= sizes[1], (path, sizes)
        if path == "/":
            shown.shot(f"phone-{width}")


def test_the_clock_advances_by_a_day(visit):
    page = visit().to("/")
    page.wait_for_selector("#ahead:not([hidden])")
    before = page.inner_text("#now")[:10]
    page.get_by_role("button", name="a day").click()
    expect(page.locator("#moved")).to_contain_text("Set ahead")
    assert page.inner_text("#now")[:10] > before


def test_nothing_is_asked_of_another_place_and_no_policy_is_broken(visit):
    shown = visit()
    shown.sign_in()
    shown.to("/reference.html")
    assert shown.elsewhere() == [] and shown.wrong == []


def test_a_page_of_another_site_frames_nothing(visit, market):
    page = visit().page
    page.set_content(f"<iframe src='{market}/'></iframe><iframe src='{market}/reference'></iframe>")
    for frame in page.frames[1:]:
        assert "Service market" not in frame.content() and "elements-api" not in frame.content()
