//! The pages for whoever opens the market in a browser. What they do there is tested in one (`tests/pages`); here, what
//! they may do at all, and that nothing on them comes from anywhere else.

use std::fs;
use std::path::Path;

use market::client::{Answer, Client};
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue, IF_NONE_MATCH};

use crate::harness::World;

const PAGES: [&str; 3] = ["/", "/reference", "/reference.html"];

impl World {
    async fn page(&self, path: &str) -> Answer {
        let answer = Client::anonymous(&self.running).get(path).await.unwrap();
        assert_eq!(answer.status, 200, "{path}");
        answer
    }
}

/// The values of an attribute in a page.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let begins = format!(" {attribute}=\"");
    page.split(&begins).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_market_names_every_role_and_every_way_in() {
    let world = World::new().await;
    let page = world.page("/").await.text;
    assert_eq!(values(&page, "value")[..5], Role::ALL.map(Role::name));
    let links = values(&page, "href");
    for way in ["/reference", "/reference.html", "/openapi.json", "/errors", "/metrics"] {
        assert!(links.contains(&way), "{way}");
        world.page(way).await;
    }
    let plain = world.page("/reference.html").await.text;
    assert!(plain.contains("· clauses ") && !plain.contains("clauses </p>"), "of none, none are told");
    let me = values(&page, "data-me")[0].to_owned();
    let operator = Client::of(&world.running, Role::Operator, "ops");
    assert_eq!(operator.get(&me).await.unwrap().body["id"], "ops", "{me}");
    // As the form sends it where there is no script: the rights are left to the script, for none may mean all of them.
    assert_eq!(
        values(&page, "name").iter().filter(|name| **name != "role").collect::<Vec<_>>(),
        [&"viewport", &"sub"]
    );
    let token = world.page("/_local/token?role=merchant&sub=shop-1").await;
    assert_eq!(token.body["role"], "merchant");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_asks_for_anything_from_elsewhere_and_all_that_it_asks_for_is_there() {
    let world = World::new().await;
    for path in PAGES {
        let page = world.page(path).await.text;
        for asked in
            ["src", "href", "action", "apiDescriptionUrl"].iter().flat_map(|name| values(&page, name))
        {
            assert!(asked.starts_with('/') && !asked.starts_with("//"), "{path}: {asked}");
            if asked.starts_with("/_local/site/") {
                let file = world.page(asked).await;
                assert!(!file.text.is_empty());
                let own = !asked.contains(".min.");
                assert!(!own || !file.text.contains("url(") && !file.text.contains("import"), "{asked}");
            }
        }
        assert!(!page.contains("<style") && !page.contains("<script>"), "{path}: inline");
    }
    assert_eq!(Client::anonymous(&world.running).get("/_local/site/none.js").await.unwrap().status, 404);
    assert_eq!(
        Client::anonymous(&world.running).get("/_local/site/..%2Fstart.js").await.unwrap().status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_may_do_what_they_need_and_are_framed_and_kept_by_nobody() {
    let world = World::new().await;
    for path in PAGES {
        let headers = world.page(path).await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap();
        let allowed = |what: &str| {
            policy.split("; ").find_map(|each| each.strip_prefix(what)?.strip_prefix(' ')).map(str::to_owned)
        };
        for (what, may) in [
            ("default-src", "'none'"),
            ("script-src", "'self'"),
            ("connect-src", "'self'"),
            ("frame-ancestors", "'none'"),
            ("base-uri", "'none'"),
        ] {
            assert_eq!(allowed(what).as_deref(), Some(may), "{path}: {policy}");
        }
        let styles = if path == "/reference" { "'self' 'unsafe-inline'" } else { "'self'" };
        assert_eq!(allowed("style-src").as_deref(), Some(styles), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cache-control"], "no-store");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_pages_is_sent_again_only_where_it_is_another() {
    let world = World::new().await;
    let first = world.page("/_local/site/start.js").await;
    let ask = async |tag: &str| {
        let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap())]);
        let anyone = Client::anonymous(&world.running);
        anyone.send(Method::GET, "/_local/site/start.js", headers, Vec::new()).await.unwrap()
    };
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let again = ask(&tag).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    assert_eq!(again.headers["etag"], tag.as_str());
    assert_eq!(ask("\"another\"").await.text, first.text);
}

#[test]
fn what_is_vendored_is_what_its_page_says_and_has_its_licence() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("viewer");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "LICENSE",
            "README.md",
            "styles.min.css",
            "web-components.min.js",
            "web-components.min.js.LICENSE.txt"
        ]
    );
    for (file, name) in files.iter().zip(&names).filter(|(_, name)| **name != "README.md") {
        let row = format!("| `{name}` | `{}` |", Sha256Hash::of(&fs::read(file).unwrap()).as_str());
        assert!(readme.contains(&row), "{row}");
    }
    let licence = fs::read_to_string(folder.join("LICENSE")).unwrap();
    assert!(licence.contains("Apache License"));
}
