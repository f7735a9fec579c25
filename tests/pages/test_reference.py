"""The description, to read and to try."""

import json
import urllib.request


def operations(market):
    with urllib.request.urlopen(market + "/openapi.json") as answer:
        document = json.load(answer)
    each = [operation for methods in document["paths"].values() for operation in methods.values()]
    return [operation for operation in each if isinstance(operation, dict) and "operationId" in operation]


def test_the_reference_shows_every_operation_and_asks_nothing_of_another_place(visit, market):
    shown = visit()
    page = shown.to("/reference")
    page.wait_for_selector("elements-api h1")
    shown.shot("reference")
    described = operations(market)
    assert len(described) > 50
    for operation in described:
        page.evaluate("operation => { location.hash = '#/operations/' + operation }", operation["operationId"])
        page.get_by_role("heading", name=operation["summary"], exact=True, level=1).wait_for()
    assert shown.elsewhere() == [] and shown.wrong == []


def test_whoever_signed_in_tries_an_operation(visit):
    shown = visit()
    page = shown.sign_in("provider")
    page.goto(shown.market + "/reference#/operations/get_me")
    button = page.get_by_role("button", name="Send API Request")
    button.wait_for()
    with page.expect_response(lambda answer: answer.url.endswith("/me")) as answered:
        button.click()
    assert answered.value.status == 200
    assert answered.value.json()["id"] == "northwind"
    assert shown.elsewhere() == [] and shown.wrong == []


def test_a_description_is_read_on_a_phone(visit):
    shown = visit(viewport={"width": 390, "height": 800}, is_mobile=True, has_touch=True)
    page = shown.to("/reference")
    page.wait_for_selector("elements-api h1")
    sizes = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert sizes[0] <= sizes[1], sizes
