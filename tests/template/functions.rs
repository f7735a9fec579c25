//! What every function has in the templates, whatever it is for.

use market::permissions::Table;

use crate::made::{Node, at, call, fill, items, list, map, read, text};
use crate::resources::pascal;

/// The log, the role and the function of a part of the artifact, by their names.
pub fn function(name: &str, operation: &str, handler: &str) -> Node {
    let blanks = [("Name", name), ("operation", operation), ("handler", handler)];
    fill(read(include_str!("parts/function.yaml")), &blanks)
}

/// Lets a function's role do more.
pub fn allow(resources: &mut Node, name: &str, statements: impl IntoIterator<Item = Node>) {
    let path = [&format!("{name}Role"), "Properties", "Policies", "0", "PolicyDocument", "Statement"];
    items(at(resources, &path)).extend(statements);
}

/// What a handler does at the table.
pub fn at_the_table(permissions: &Table, handler: &str) -> Vec<Node> {
    let places = permissions.get(handler).into_iter().flatten();
    let statement = |(place, actions): (&String, &std::collections::BTreeSet<String>)| {
        let (sid, arn) = match place.strip_prefix("index/") {
            Some(index) => {
                (format!("Index{}", pascal(index)), call("Sub", format!("${{TableArn}}/index/{index}")))
            }
            None => ("Table".to_owned(), call("Ref", "TableArn")),
        };
        map([
            ("Sid", text(sid)),
            ("Effect", text("Allow")),
            ("Action", list(actions.iter().map(|action| text(action.as_str())))),
            ("Resource", arn),
        ])
    };
    places.map(statement).collect()
}

/// Leave to fetch the secret whose name is the parameter `<sid>Secret`.
pub fn of_secret(sid: &str) -> Node {
    fill(read(include_str!("parts/secret.yaml")), &[("Sid", sid)])
}
