//! What a caller is told, whole, for files that people read: an entry for each request, with the answer's status, its headers
//! and every member of its body. What no two runs have in common (where the market listens, what is drawn) is an ellipsis, here
//! and nowhere else.

use std::fmt::Write;

use market::client::Answer;

/// The file, as it grows.
pub struct Page(String);

/// Headers that say nothing of what is told, or another thing each time.
const ASIDE: [&str; 3] = ["content-length", "date", "x-request-id"];

impl Page {
    pub fn about(what: &str) -> Self {
        Self(format!("{what}\n"))
    }

    /// A request, and what came back.
    pub fn tell(&mut self, what: &str, request: &str, answer: &Answer) {
        self.entry(what, request, answer).unwrap();
    }

    fn entry(&mut self, what: &str, request: &str, answer: &Answer) -> std::fmt::Result {
        let id = answer.headers["x-request-id"].to_str().unwrap();
        let (api, _) = answer.text_at("/type").split_once("/errors/").unwrap();
        let settled = |text: &str| without_drawn(&text.replace(api, "…"));
        assert_eq!(answer.text_at("/request_id"), id, "{what}");
        assert_eq!(answer.body["status"], answer.status.as_u16(), "{what}");
        write!(self.0, "\n## {what}\n{}\n", settled(request))?;
        writeln!(self.0, "{} {}", answer.status.as_u16(), answer.code())?;
        let mut headers: Vec<_> = answer.headers.iter().map(|(name, value)| (name.as_str(), value)).collect();
        headers.sort_unstable();
        for (name, value) in headers.into_iter().filter(|(name, _)| !ASIDE.contains(name)) {
            writeln!(self.0, "  {name}: {}", settled(value.to_str().unwrap()))?;
        }
        for (name, value) in answer.body.as_object().unwrap() {
            match (name.as_str(), value.as_array(), value.as_str()) {
                ("code" | "status" | "request_id", ..) => {}
                (_, Some(entries), _) => {
                    writeln!(self.0, "  {name}:")?;
                    for entry in entries {
                        writeln!(self.0, "    {}", settled(&entry.to_string()))?;
                    }
                }
                (_, _, text) => {
                    writeln!(self.0, "  {name}: {}", settled(text.unwrap_or(&value.to_string())))?;
                }
            }
        }
        Ok(())
    }

    pub fn whole(self) -> String {
        self.0
    }
}

/// Without ids and hashes: 32 hexadecimal digits, or more.
fn without_drawn(text: &str) -> String {
    let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let (mut kept, mut run) = (String::new(), String::new());
    for c in text.chars().chain(['\n']) {
        if is_hex(c) {
            run.push(c);
            continue;
        }
        kept.push_str(if run.len() < 32 { &run } else { "…" });
        run.clear();
        kept.push(c);
    }
    kept.pop();
    kept
}
