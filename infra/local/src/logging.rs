//! What is logged, and how it looks: to standard error, in colour only where a person reads it, or as JSON, a line each.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: a JSON object a line.
    Json,
}

/// What a running market logs: what it answers, and what goes wrong.
pub const OF_A_MARKET: &str = "warn,market=info";
/// What a command logs: its outcome is told by itself.
pub const OF_A_COMMAND: &str = "error";

/// `RUST_LOG` says nothing that can be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "RUST_LOG={0:?} is not followed: name a level, or levels by module, such as warn,market_functions=debug"
)]
pub struct NotALog(String);

/// What to log: as `RUST_LOG` says, or as usual where it is not set or empty.
///
/// # Errors
/// [`NotALog`]. What names spans or fields of them is refused too.
pub fn targets(said: Option<&str>, usual: &str) -> Result<Targets, NotALog> {
    let said = said.map(str::trim).filter(|said| !said.is_empty()).unwrap_or(usual);
    // The parser would take a span for a part of a module's name, and say nothing.
    if said.contains(['[', '{']) {
        return Err(NotALog(said.to_owned()));
    }
    said.parse().map_err(|_| NotALog(said.to_owned()))
}

/// What takes log lines and writes them.
pub fn subscriber<W>(
    format: LogFormat,
    in_colour: bool,
    targets: Targets,
    writer: W,
) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // What cannot be logged, because the disk is full or the reader has gone, must not end what is being done.
    let layer = fmt::layer().with_writer(writer).log_internal_errors(false);
    let layer = match format {
        LogFormat::Text => layer.with_ansi(in_colour).with_filter(targets).boxed(),
        LogFormat::Json => {
            layer.json().with_current_span(true).with_span_list(false).with_filter(targets).boxed()
        }
    };
    Registry::default().with(layer)
}

/// Whether standard error is read by a person who wants colours (<https://no-color.org>).
fn in_colour() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal()
        && !is_set("NO_COLOR")
        && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// Logs from here on.
///
/// # Errors
/// [`NotALog`].
pub fn begin(format: LogFormat, usual: &str) -> Result<(), NotALog> {
    let said = std::env::var("RUST_LOG").ok();
    let targets = targets(said.as_deref(), usual)?;
    // Where something logs already, it goes on.
    drop(tracing::subscriber::set_global_default(subscriber(format, in_colour(), targets, std::io::stderr)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, in_colour: bool) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber =
            subscriber(format, in_colour, targets(None, OF_A_MARKET).unwrap(), move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            let _entered = tracing::info_span!(target: "market", "request", request_id = "7f").entered();
            tracing::info!(target: "market_functions::http", status = 200, "answered");
            tracing::debug!(target: "market", "not this");
            tracing::info!(target: "hyper", "nor this");
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_is_in_colour_only_where_a_person_reads_it() {
        let plain = logged(LogFormat::Text, false);
        assert!(plain.contains("answered status=200") && plain.lines().count() == 1, "{plain}");
        assert!(!plain.contains('\u{1b}'), "{plain:?}");
        assert!(logged(LogFormat::Text, true).contains('\u{1b}'));
    }

    #[test]
    fn lines_are_json_where_asked() {
        for in_colour in [false, true] {
            let logged = logged(LogFormat::Json, in_colour);
            let line: serde_json::Value = serde_json::from_str(&logged).unwrap();
            assert_eq!(
                (&line["fields"]["message"], &line["fields"]["status"]),
                (&"answered".into(), &200.into())
            );
            assert_eq!(line["span"]["request_id"], "7f");
        }
    }

    #[test]
    fn what_names_no_levels_is_refused_with_what_would() {
        for good in ["debug", "warn,market=trace", "market_functions::http=info", "off", " ", ""] {
            assert!(targets(Some(good), OF_A_MARKET).is_ok(), "{good}");
        }
        for bad in ["market[request]=info", "market=loud", "[{status=200}]=info", "a=b=c"] {
            let said = targets(Some(bad), OF_A_MARKET).unwrap_err().to_string();
            assert!(said.contains(bad) && said.contains("market_functions=debug"), "{said}");
        }
        assert_eq!(targets(Some(""), "error"), targets(None, "error"));
    }
}
