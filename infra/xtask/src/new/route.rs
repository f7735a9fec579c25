//! A new route.

use std::path::Path;

use clap::Args;

use super::lines::{insert_behind, insert_sorted};
use super::{Edit, fill, is_name, pascal, read, write};
use crate::run::Failed;

/// The folder of the contexts, and the file of all paths.
const BASE: &str = "functions/src";
const PATHS: &str = "functions/src/wire/paths.rs";
const TESTS: &str = "tests/acceptance";

const ROUTE: &str = include_str!("../../skeletons/route.rs.txt");
const RESOURCE: &str = include_str!("../../skeletons/resource.rs.txt");
const TEST: &str = include_str!("../../skeletons/route_test.rs.txt");
const TESTS_OF_RESOURCE: &str = include_str!("../../skeletons/tests_of_resource.rs.txt");

#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "printed as help")]
pub struct NewRoute {
    /// What it is: <context>/<resource>/<operation>, such as trade/orders/cancel_order.
    what: String,
    /// Its path, such as '/accounts/{account_id}/orders/{order_id}/cancellation'.
    #[arg(long)]
    path: String,
    /// The clauses that it carries out.
    #[arg(long = "clause", required = true)]
    clauses: Vec<String>,
    /// Who may call it: merchant, provider, operator, data_gateway, upstream.
    #[arg(long = "role", default_value = "merchant")]
    roles: Vec<String>,
    /// What it does, in a sentence for the API description.
    #[arg(long, default_value = "Say what it does, in a sentence.")]
    summary: String,
}

impl NewRoute {
    /// Writes the files of it; what is left to do.
    pub fn write(&self, root: &Path) -> Result<String, Failed> {
        let (context, resource, operation) = self.names()?;
        let (folder, list) = (format!("{BASE}/{context}/{resource}"), format!("{BASE}/{context}/mod.rs"));
        let file = format!("{folder}/{operation}.rs");
        if root.join(&file).exists() {
            return Err(Failed(format!("{file} is there already")));
        }
        for role in &self.roles {
            if !["merchant", "provider", "operator", "data_gateway", "upstream"].contains(&&**role) {
                return Err(Failed(format!("there is no role {role}")));
            }
        }
        let paths = read(root, PATHS)?;
        let path_type = path_type(&paths, &self.parameters()).ok_or_else(|| {
            Failed(format!("{PATHS} has no path with {:?}: add it there", self.parameters()))
        })?;
        let name = pascal(operation);

        let mut edits = vec![Edit { path: file, text: self.route((resource, operation), &name, path_type) }];
        let resources = root.join(&folder).join("mod.rs");
        let mut listed = read(root, &list)?;
        let of_resource = if resources.exists() {
            read(root, &format!("{folder}/mod.rs"))?
        } else {
            listed = insert_sorted(&listed, "pub mod ", &format!("pub mod {resource};"));
            fill(RESOURCE, &[("resource", resource), ("clauses", &self.clauses.join(", "))])
        };
        let of_resource = insert_sorted(&of_resource, "mod ", &format!("mod {operation};"));
        let of_resource = insert_sorted(&of_resource, "pub use ", &format!("pub use {operation}::{name};"));
        edits.push(Edit { path: format!("{folder}/mod.rs"), text: of_resource });
        let line = format!("    visitor.visit::<{resource}::{name}>();");
        let listed = insert_behind(&listed, &format!("visit::<{resource}::"), "visitor.visit::<", &line);
        let listed = listed.ok_or_else(|| Failed(format!("{list} visits no routes")))?;
        edits.push(Edit { path: list, text: listed });
        edits.extend(self.tests(root, resource, operation)?);
        write(root, &edits)?;
        let written: Vec<_> = edits.iter().map(|edit| format!("  {}", edit.path)).collect();
        Ok(format!(
            "Written:\n{}\n\nNow decide in the domain, fill in `decide`, write its tests, and say in {TESTS}/invisible.rs what it \
             must not tell of.\nThen `cargo xtask generate`. A clause that has no file in docs/clauses gets one.",
            written.join("\n")
        ))
    }

    fn names(&self) -> Result<(&str, &str, &str), Failed> {
        match self.what.split('/').collect::<Vec<_>>().as_slice() {
            [context, resource, operation]
                if [context, resource, operation].into_iter().all(|name| is_name(name)) =>
            {
                Ok((context, resource, operation))
            }
            _ => Err(Failed(format!("{} is not <context>/<resource>/<operation>", self.what))),
        }
    }

    fn parameters(&self) -> Vec<&str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
    }

    fn reads(operation: &str) -> bool {
        ["get_", "list_", "browse_"].iter().any(|verb| operation.starts_with(verb))
    }

    fn route(&self, (resource, operation): (&str, &str), name: &str, path_type: &str) -> String {
        let quoted =
            |words: &[String]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let roles: Vec<_> = self.roles.iter().map(|role| format!("Role::{}", pascal(role))).collect();
        let import = match path_type {
            "Nothing" => String::new(),
            _ => format!("use crate::wire::paths::{path_type};\n"),
        };
        fill(
            ROUTE,
            &[
                ("operation", operation),
                ("resource", resource),
                ("Operation", name),
                ("method", if Self::reads(operation) { "get" } else { "post" }),
                ("path", &self.path),
                ("summary", &self.summary),
                ("clauses", &quoted(&self.clauses)),
                ("roles", &roles.join(", ")),
                ("import", &import),
                ("Path", path_type),
                ("outcome", if Self::reads(operation) { READ } else { DECIDED }),
            ],
        )
    }

    /// A test in the file of the resource's tests, which is begun where there is none.
    fn tests(&self, root: &Path, resource: &str, operation: &str) -> Result<Vec<Edit>, Failed> {
        let (file, list) = (format!("{TESTS}/{resource}.rs"), format!("{TESTS}/main.rs"));
        let role = self.roles.first().map_or("merchant", |role| &**role);
        let subject = match role {
            "merchant" => "shop-1",
            "provider" => "northwind",
            other => other,
        };
        let path = self.parameters().iter().fold(self.path.clone(), |path, parameter| {
            path.replace(&format!("{{{parameter}}}"), example(parameter))
        });
        let request = if Self::reads(operation) { "get(path)" } else { "post(path, serde_json::json!({}))" };
        let blanks = [
            ("operation", operation),
            ("resource", resource),
            ("Role", &*pascal(role)),
            ("subject", subject),
            ("path", &path),
            ("request", request),
        ];
        let test = fill(TEST, &blanks);
        if root.join(&file).exists() {
            return Ok(vec![Edit { text: read(root, &file)? + "\n" + &test, path: file }]);
        }
        let main = insert_sorted(&read(root, &list)?, "mod ", &format!("mod {resource};"));
        let text = fill(TESTS_OF_RESOURCE, &blanks) + "\n" + &test;
        Ok(vec![Edit { path: file, text }, Edit { path: list, text: main }])
    }
}

/// What a route that reads does next, and one that decides.
const READ: &str = "Load it by `call.path`, and answer with a view of it: `Outcome::Reply`.";
const DECIDED: &str =
    "Load what the decision needs, decide in the domain, and answer with `Outcome::commit`.";

/// The type in `paths.rs` that has just these parameters.
fn path_type<'a>(paths: &'a str, parameters: &[&str]) -> Option<&'a str> {
    if parameters.is_empty() {
        return Some("Nothing");
    }
    paths.lines().find_map(|line| {
        let (name, rest) = line.trim().split_once(" { ")?;
        let (fields, _) = rest.split_once(" }")?;
        let fields: Vec<_> = fields.split(", ").filter_map(|field| Some(field.split_once(": ")?.0)).collect();
        (fields == parameters && name.ends_with("Path")).then_some(name)
    })
}

/// Something of that kind which is not there in a new market.
fn example(parameter: &str) -> &'static str {
    match parameter {
        "account_id" => "shop-1",
        "provider_id" => "northwind",
        "version" => "1",
        "year" => "2026",
        _ => "none",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::copied;
    use super::*;
    use crate::run::root;

    fn new_route(what: &str, path: &str, roles: &[&str]) -> NewRoute {
        NewRoute {
            what: what.to_owned(),
            path: path.to_owned(),
            clauses: vec!["4.2".to_owned()],
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            summary: "Cancel an order.".to_owned(),
        }
    }

    const LISTS: [&str; 5] = [
        "functions/src/trade/mod.rs",
        "functions/src/wire/paths.rs",
        "functions/src/trade/orders/mod.rs",
        "tests/acceptance/main.rs",
        "tests/acceptance/orders.rs",
    ];

    #[test]
    fn a_route_of_a_known_resource_stands_in_its_lists_once_and_has_a_test() {
        let copy = copied(&LISTS);
        let read = |file: &str| fs::read_to_string(copy.path().join(file)).unwrap();
        let path = "/accounts/{account_id}/orders/{order_id}/cancellation";
        let route = new_route("trade/orders/cancel_order", path, &["merchant"]);
        route.write(copy.path()).unwrap();
        let text = read("functions/src/trade/orders/cancel_order.rs");
        for part in
            ["pub struct CancelOrder;", "type Path = OrderPath;", "Route::post(", path, "&[Role::Merchant]"]
        {
            assert!(text.contains(part), "no {part} in {text}");
        }
        assert!(!text.contains("{{"), "a blank was left: {text}");
        let of_resource = read("functions/src/trade/orders/mod.rs");
        assert!(of_resource.contains("mod cancel_order;\nmod get_order;"), "{of_resource}");
        assert!(
            of_resource.contains("pub use cancel_order::CancelOrder;\npub use get_order"),
            "{of_resource}"
        );
        let visits = read("functions/src/trade/mod.rs");
        assert_eq!(visits.matches("visitor.visit::<orders::CancelOrder>();\n").count(), 1, "{visits}");
        let tests = read("tests/acceptance/orders.rs");
        assert!(tests.contains("/accounts/shop-1/orders/none/cancellation"), "{tests}");
        assert!(tests.starts_with(&fs::read_to_string(root().join("tests/acceptance/orders.rs")).unwrap()));

        let again = route.write(copy.path()).unwrap_err();
        assert!(again.0.contains("is there already"), "{}", again.0);
    }

    #[test]
    fn a_new_resource_gets_its_folder_its_tests_and_its_place() {
        let copy = copied(&LISTS);
        let read = |file: &str| fs::read_to_string(copy.path().join(file)).unwrap();
        let route = new_route("trade/refunds/list_refunds", "/refunds", &["operator", "upstream"]);
        route.write(copy.path()).unwrap();
        let text = read("functions/src/trade/refunds/list_refunds.rs");
        for part in ["type Path = Nothing;", "Route::get(", "&[Role::Operator, Role::Upstream]"] {
            assert!(text.contains(part), "no {part} in {text}");
        }
        assert!(read("functions/src/trade/refunds/mod.rs").contains("mod list_refunds;"));
        let list = read("functions/src/trade/mod.rs");
        assert!(list.contains("pub mod payments;\npub mod refunds;\n"), "{list}");
        assert!(list.contains("visitor.visit::<refunds::ListRefunds>();\n}"), "{list}");
        assert!(read("tests/acceptance/main.rs").contains("mod records;\nmod refunds;\n"));
        let tests = read("tests/acceptance/refunds.rs");
        assert!(tests.contains("let path = \"/refunds\";") && tests.contains("get(path)"), "{tests}");
    }

    #[test]
    fn what_cannot_be_is_refused_and_nothing_is_written() {
        let copy = copied(&LISTS);
        for (route, said) in [
            (new_route("orders/cancel_order", "/orders", &["merchant"]), "<context>"),
            (new_route("trade/orders/../x", "/orders", &["merchant"]), "<context>"),
            (new_route("trade/orders/Cancel", "/orders", &["merchant"]), "<context>"),
            (new_route("trade/orders/cancel", "/orders/{colour}", &["merchant"]), "add it there"),
            (new_route("trade/orders/cancel", "/orders", &["judge"]), "no role judge"),
        ] {
            let refused = route.write(copy.path()).unwrap_err();
            assert!(refused.0.contains(said), "{}", refused.0);
        }
        let folder = fs::read_dir(copy.path().join("functions/src/trade/orders")).unwrap();
        assert_eq!(folder.count(), 1, "the list alone");
    }
}
