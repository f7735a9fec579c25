//! A new message.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::context::{self, CONTEXTS};
use super::lines::import;
use super::{Edit, fill, is_name, pascal, read, write};
use crate::run::Failed;

const MESSAGE: &str = include_str!("../../skeletons/message.rs.txt");

/// The languages that parties read, and what a message says in each as long as nobody has written it.
const TEXTS: [(&str, &str); 2] = [
    ("zh", include_str!("../../skeletons/message.zh.txt")),
    ("en", include_str!("../../skeletons/message.en.txt")),
];

/// A blank that samples can fill.
struct Blank {
    name: &'static str,
    /// Its type; where it is none of the language's own, its path.
    of: &'static str,
    /// What stands for it in a sample.
    sample: &'static str,
    /// How a text writes it, other than as it is.
    filter: &'static str,
}

const fn text(name: &'static str, sample: &'static str) -> Blank {
    Blank { name, of: "String", sample, filter: "" }
}

const BLANKS: [Blank; 11] = [
    text("merchant", "cast.merchant()"),
    text("provider", "cast.seller()"),
    text("listing", "cast.listing.clone()"),
    text("order", "cast.order()"),
    text("grant", "cast.grant()"),
    text("payment", "cast.payment()"),
    text("scopes", "cast.scopes()"),
    text("title", "cast.title.clone()"),
    text("reason", "cast.reason.clone()"),
    Blank { name: "amount", of: "market_kernel::money::Fen", sample: "cast.paid()", filter: "|money" },
    Blank { name: "due", of: "jiff::Timestamp", sample: "cast.midnight()", filter: "|instant" },
];

/// Whom it is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum For {
    /// A merchant.
    Merchant,
    /// A provider, about itself.
    Provider,
    /// A provider, of a merchant's affairs.
    ProviderOf,
    /// A merchant and its provider, each in words of its own.
    Both,
}

impl For {
    /// Whom a sample is told.
    const fn told(self) -> &'static str {
        match self {
            Self::Merchant => "cast.merchants()",
            Self::Provider => "cast.providers()",
            Self::ProviderOf => "cast.its_provider()",
            Self::Both => "cast.both()",
        }
    }

    /// What tells the texts of one language apart, by their readers.
    const fn readers(self) -> &'static [&'static str] {
        match self {
            Self::Both => &[".merchant", ".provider"],
            _ => &[""],
        }
    }
}

#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "printed as help")]
pub struct NewMessage {
    /// The context: agreement, entrustment, parties, trade.
    context: String,
    /// What it is about: a stable name, such as `refund_due`.
    name: String,
    /// The clause by which it is told.
    #[arg(long)]
    clause: String,
    /// Whom it is for.
    #[arg(long = "for", value_enum, default_value_t = For::Merchant)]
    reader: For,
    /// A blank of it: merchant, provider, listing, order, grant, payment, scopes, title, reason, amount, due.
    #[arg(long = "blank")]
    blanks: Vec<String>,
}

impl NewMessage {
    /// Writes its declaration, its sample and its texts; what is left to do.
    pub fn write(&self, root: &Path) -> Result<String, Failed> {
        let Self { context, name, .. } = self;
        context::check(context)?;
        if !is_name(name) {
            return Err(Failed(format!("{name} is no name: it has small letters, digits and _")));
        }
        if !self.clause.split('.').all(|part| part.parse::<u16>().is_ok()) {
            return Err(Failed(format!("{} is no clause, such as 4.4.5", self.clause)));
        }
        let blanks = self.blanks()?;
        for context in CONTEXTS {
            let declared = format!("{}/src/messages.rs", context::domain(context));
            if root.join(&declared).exists() && read(root, &declared)?.contains(&format!(" = \"{name}\"")) {
                return Err(Failed(format!("{declared} has a message about {name} already")));
            }
        }
        let domain = context::domain(context);
        let message = pascal(name);
        let (declared, sampled) = (format!("{domain}/src/messages.rs"), samples_of(root, &domain));

        let mut edits = Vec::new();
        for (reader, (language, text)) in
            self.reader.readers().iter().flat_map(|reader| TEXTS.map(|text| (reader, text)))
        {
            let path = format!("{domain}/messages/{language}/{name}{reader}.txt");
            context::check_new(root, &path)?;
            edits.push(Edit { path, text: fill(text, &[("blanks", &in_text(&blanks))]) });
        }
        let text = with_message(&read(root, &declared)?, &self.declaration(&message, &blanks));
        let text = blanks.iter().fold(text, |text, blank| import(&text, blank.of));
        edits.push(Edit { path: declared.clone(), text });
        let of_samples = if sampled == declared {
            edits.pop().map(|edit| edit.text).unwrap_or_default()
        } else {
            let own = read(root, &sampled)?;
            own.replacen("use crate::messages::{", &format!("use crate::messages::{{{message}, "), 1)
        };
        let text = with_sample(&of_samples, &self.sample(&message, &blanks))
            .ok_or_else(|| Failed(format!("{sampled} has no list of samples")))?;
        edits.push(Edit { path: sampled, text });
        write(root, &edits)?;
        let written: Vec<_> = edits.iter().map(|edit| format!("  {}", edit.path)).collect();
        Ok(format!(
            "Written:\n{}\n\nNow write its texts, and send it with `Event::tell`. Then `cargo xtask generate`, and read \
             docs/notices as its recipient would.",
            written.join("\n")
        ))
    }

    fn blanks(&self) -> Result<Vec<&'static Blank>, Failed> {
        let known = |name: &String| BLANKS.iter().find(|blank| blank.name == name);
        let names = || BLANKS.map(|blank| blank.name).join(", ");
        let found = self.blanks.iter().map(|name| {
            known(name).ok_or_else(|| {
                Failed(format!(
                    "no sample fills a blank {name}: there are {}; others are put in by hand",
                    names()
                ))
            })
        });
        found.collect()
    }

    fn declaration(&self, message: &str, blanks: &[&Blank]) -> String {
        let fields = blanks.iter().map(|blank| {
            let of = blank.of.rsplit("::").next().unwrap_or(blank.of);
            format!("        {}: {of},\n", blank.name)
        });
        let texts = self.reader.readers().iter().map(|reader| {
            TEXTS.map(|(language, _)| format!("\"{language}/{}{reader}.txt\"", self.name)).join(", ")
        });
        let texts = texts.collect::<Vec<_>>().join(";\n    to provider: ");
        fill(
            MESSAGE,
            &[
                ("Message", message),
                ("about", &self.name),
                ("fields", &fields.collect::<String>()),
                ("texts", &texts),
            ],
        )
    }

    fn sample(&self, message: &str, blanks: &[&Blank]) -> String {
        let fields: Vec<_> = blanks.iter().map(|blank| format!("{}: {}", blank.name, blank.sample)).collect();
        let Self { clause, reader, .. } = self;
        format!(
            "        Sample::new(\"{clause}\", {message} {{ {} }}, {}),\n",
            fields.join(", "),
            reader.told()
        )
    }
}

/// The file of a context's samples: its own, or that of its messages.
fn samples_of(root: &Path, domain: &str) -> String {
    let own = format!("{domain}/src/samples.rs");
    if root.join(&own).exists() { own } else { format!("{domain}/src/messages.rs") }
}

/// What a text says of its blanks, as long as nobody has written it.
fn in_text(blanks: &[&Blank]) -> String {
    let blanks: Vec<_> =
        blanks.iter().map(|blank| format!(" {{{{ {}{} }}}}", blank.name, blank.filter)).collect();
    blanks.concat()
}

/// The declarations, with one more behind the last.
fn with_message(text: &str, message: &str) -> String {
    let last = text.rfind("message! {").unwrap_or(text.len());
    let end = text[last..].find("\n}\n").map_or(text.len(), |end| last + end + "\n}\n".len());
    format!("{}\n{message}{}", &text[..end], &text[end..])
}

/// The last list of samples, with one more at its end.
fn with_sample(text: &str, sample: &str) -> Option<String> {
    let last = text.rfind("-> Vec<Sample> {")?;
    let end = last + text[last..].find("\n    ]\n")? + 1;
    Some(format!("{}{sample}{}", &text[..end], &text[end..]))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::copied;
    use super::*;

    const FILES: [&str; 5] = [
        "shared/domain/agreement/src/messages.rs",
        "shared/domain/entrustment/src/messages.rs",
        "shared/domain/parties/src/messages.rs",
        "shared/domain/parties/src/samples.rs",
        "shared/domain/trade/src/messages.rs",
    ];

    fn new_message(context: &str, name: &str, blanks: &[&str]) -> NewMessage {
        NewMessage {
            context: context.to_owned(),
            name: name.to_owned(),
            clause: "4.6".to_owned(),
            reader: For::Merchant,
            blanks: blanks.iter().map(|blank| (*blank).to_owned()).collect(),
        }
    }

    #[test]
    fn a_message_has_its_blanks_a_text_in_each_language_and_a_sample() {
        let copy = copied(&FILES);
        let read = |file: &str| read(copy.path(), file).unwrap();
        let message = new_message("trade", "refund_due", &["listing", "amount", "due"]);
        message.write(copy.path()).unwrap();
        let declared = read("shared/domain/trade/src/messages.rs");
        for part in [
            "RefundDue = \"refund_due\" {\n        listing: String,\n        amount: Fen,\n        due: Timestamp,\n    }",
            "    texts: \"zh/refund_due.txt\", \"en/refund_due.txt\";\n}\n",
            "Sample::new(\"4.6\", RefundDue { listing: cast.listing.clone(), amount: cast.paid(), due: cast.midnight() }, \
             cast.merchants()),\n    ]\n}",
        ] {
            assert_eq!(declared.matches(part).count(), 1, "{part} in {declared}");
        }
        for import in ["use jiff::Timestamp;\n", "use market_kernel::money::Fen;\n"] {
            assert_eq!(declared.matches(import).count(), 1, "{declared}");
        }
        for language in ["zh", "en"] {
            let text = read(&format!("shared/domain/trade/messages/{language}/refund_due.txt"));
            assert!(text.contains("{{ listing }} {{ amount|money }} {{ due|instant }}"), "{text}");
            assert!(!text.contains("{{blanks}}"), "{text}");
        }

        let again = message.write(copy.path()).unwrap_err();
        assert!(again.0.contains("has a message about refund_due already"), "{}", again.0);
    }

    #[test]
    fn a_message_to_both_parties_has_a_text_for_each_reader() {
        let copy = copied(&FILES);
        let read = |file: &str| read(copy.path(), file).unwrap();
        NewMessage { reader: For::Both, ..new_message("entrustment", "grant_paused", &[]) }
            .write(copy.path())
            .unwrap();
        let declared = read("shared/domain/entrustment/src/messages.rs");
        for part in [
            "    texts: \"zh/grant_paused.merchant.txt\", \"en/grant_paused.merchant.txt\";\n",
            "    to provider: \"zh/grant_paused.provider.txt\", \"en/grant_paused.provider.txt\";\n}\n",
            "cast.both()),\n    ]\n}",
        ] {
            assert!(declared.contains(part), "{part} in {declared}");
        }
        assert!(read("shared/domain/entrustment/messages/zh/grant_paused.provider.txt").contains("写明"));
    }

    #[test]
    fn a_context_whose_samples_lie_apart_gets_its_sample_there() {
        let copy = copied(&FILES);
        new_message("parties", "account_paused", &["reason"]).write(copy.path()).unwrap();
        let samples = read(copy.path(), "shared/domain/parties/src/samples.rs").unwrap();
        assert!(samples.contains("use crate::messages::{AccountPaused, "), "{samples}");
        assert!(
            samples.contains("AccountPaused { reason: cast.reason.clone() }, cast.merchants()),\n    ]\n}")
        );
        let declared = read(copy.path(), "shared/domain/parties/src/messages.rs").unwrap();
        assert!(declared.contains("AccountPaused = \"account_paused\" {"), "{declared}");
    }

    #[test]
    fn what_cannot_be_is_refused_and_nothing_is_written() {
        let copy = copied(&FILES);
        for (message, said) in [
            (new_message("market", "refund_due", &[]), "no context: there are agreement"),
            (new_message("trade", "RefundDue", &[]), "RefundDue is no name"),
            (new_message("trade", "../refund", &[]), "is no name"),
            (new_message("trade", "grant_ended", &[]), "has a message about grant_ended already"),
            (new_message("trade", "refund_due", &["colour"]), "no sample fills a blank colour"),
            (
                NewMessage { clause: "four".to_owned(), ..new_message("trade", "refund_due", &[]) },
                "four is no clause",
            ),
        ] {
            let refused = message.write(copy.path()).unwrap_err();
            assert!(refused.0.contains(said), "{}", refused.0);
        }
        assert!(fs::read_dir(copy.path().join("shared/domain/trade/messages")).is_err(), "no text");
    }
}
