//! What is committed about the API is true: the description, the error pages, the table of clauses.
//! `UPDATE_EXPECT=1 cargo test` writes the generated ones anew.

use std::collections::HashSet;
use std::fmt::Write;

use expect_test::expect_file;
use market_domain::aggregate::Job;
use market_functions::api;
use market_http::{Access, Code, Endpoint, Visitor};

#[test]
fn the_committed_openapi_description_is_what_the_code_says() {
    let mut description = serde_json::to_string_pretty(&market::pages::openapi()).unwrap();
    description.push('\n');
    expect_file!["../../docs/openapi.json"].assert_eq(&description);
}

#[test]
fn every_problem_code_has_its_page() {
    let mut index = String::from(
        "# Problem codes\n\nEvery refusal and failure is a problem document (RFC 9457) with one of these codes. \
         A running market explains each at `/errors/<code>`.\n\n| code | status | meaning |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        let (name, status, title) = (code.name(), code.status(), code.title());
        writeln!(index, "| [`{name}`]({name}.md) | {status} | {title} |").unwrap();
        let page = format!("# `{name}` ({status})\n\n{title}\n\n**What to do.** {}\n", code.remedy());
        expect_file![format!("{}/../../docs/errors/{name}.md", env!("CARGO_MANIFEST_DIR"))].assert_eq(&page);
    }
    expect_file!["../../docs/errors/README.md"].assert_eq(&index);
}

#[test]
fn every_route_says_who_may_call_it_and_which_clause_it_carries_out_and_the_table_of_clauses_names_it() {
    struct Check {
        operations: HashSet<&'static str>,
        clauses: String,
    }
    impl Visitor for Check {
        fn visit<E: Endpoint>(&mut self) {
            let route = E::route();
            let operation = route.operation;
            assert!(self.operations.insert(operation), "{operation} twice");
            assert!(!route.summary.is_empty(), "{operation} has no summary");
            assert!(operation == "explain_error" || !route.clauses.is_empty(), "{operation} names no clause");
            if matches!(route.access, Access::Public) {
                assert_eq!(route.method, "GET", "{operation} changes something for anyone");
            }
            let named = self.clauses.contains(&format!("`{operation}`"));
            assert!(operation == "explain_error" || named, "docs/CLAUSES.md does not name {operation}");
        }
    }
    let file = format!("{}/../../docs/CLAUSES.md", env!("CARGO_MANIFEST_DIR"));
    let mut check = Check { operations: HashSet::new(), clauses: std::fs::read_to_string(file).unwrap() };
    api::visit(&mut check);
    for job in Job::ALL {
        assert!(check.clauses.contains(&format!("`{job}`")), "docs/CLAUSES.md does not name the job {job}");
    }
}
