//! A new job.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::context;
use super::lines::{declare_module, import};
use super::{Edit, fill, is_name, read, write};
use crate::run::Failed;

/// Where the lanes are declared.
const LANES: &str = "shared/kernel/src/aggregate.rs";

const JOB: &str = include_str!("../../skeletons/job.rs.txt");

#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "printed as help")]
pub struct NewJob {
    /// The context: agreement, entrustment, parties, trade.
    context: String,
    /// The kind of thing that something becomes due of, as its aggregate names it (`KIND`), such as payment.
    kind: String,
    /// What it does, as a verb and a noun. Usually advance_<kind>.
    #[arg(long)]
    name: Option<String>,
    /// The lane that its wake-ups come by, which the aggregate's `next_due` names too.
    #[arg(long, default_value = "AdvanceCase")]
    lane: String,
}

impl NewJob {
    /// Writes its file and its line; what is left to do.
    pub fn write(&self, root: &Path) -> Result<String, Failed> {
        let Self { context, kind, lane, .. } = self;
        context::check(context)?;
        let job = self.name.clone().unwrap_or_else(|| format!("advance_{kind}"));
        for name in [kind, &job] {
            if !is_name(name) {
                return Err(Failed(format!("{name} is no name: it has small letters, digits and _")));
            }
        }
        if !read(root, LANES)?.contains(&format!("    {lane} = \"")) {
            return Err(Failed(format!("{LANES} has no lane {lane}")));
        }
        let folder = format!("functions/src/{context}/workers");
        let (file, list) = (format!("{folder}/{job}.rs"), format!("{folder}/mod.rs"));
        context::check_new(root, &file)?;
        let aggregate = aggregate_of(root, context, kind)?;
        let (_, name) = aggregate.rsplit_once("::").unwrap_or(("", &aggregate));

        let listed = with_job(&read(root, &list)?, name, &job, lane).ok_or_else(|| {
            Failed(format!("{list} has a job for {name} already: a thing has one, and asks what is due"))
        })?;
        let listed = declare_module(&listed, &job);
        let listed = [
            "futures_util::FutureExt",
            &aggregate,
            "market_kernel::aggregate::Lane",
            &format!("self::{job}::{job}"),
        ]
        .into_iter()
        .fold(listed, |text, path| import(&text, path));
        let text = fill(JOB, &[("job", &*job), ("kind", kind), ("Type", name), ("path", &aggregate)]);
        let edits = [Edit { path: file, text }, Edit { path: list, text: listed }];
        write(root, &edits)?;
        let [file, list] = edits.map(|edit| edit.path);
        Ok(format!(
            "Written:\n  {file}\n  {list}\n\nNow answer what is due from the aggregate's `next_due`, on the lane {lane}, \
             write its `advance`, and fill in the job.\nName it in docs/clauses, test it on time, early, late and twice, then \
             `cargo xtask generate`."
        ))
    }
}

/// The type of a kind's aggregate, by its path.
fn aggregate_of(root: &Path, context: &str, kind: &str) -> Result<String, Failed> {
    let domain = context::domain(context);
    let source = root.join(&domain).join("src");
    let declared = format!("const KIND: &'static str = \"{kind}\";");
    for file in sources(&source)? {
        let text = fs::read_to_string(&file).map_err(Failed::to("read an aggregate"))?;
        let Some((before, _)) = text.split_once(&declared) else { continue };
        let name = before.rsplit_once("impl Aggregate for ").and_then(|(_, rest)| rest.split_once(" {"));
        let modules = file.strip_prefix(&source).ok().map(|path| path.with_extension(""));
        if let (Some((name, _)), Some(modules)) = (name, modules) {
            let modules = modules.iter().filter_map(|part| part.to_str()).filter(|part| *part != "mod");
            let modules: Vec<_> = modules.collect();
            return Ok(format!("market_{context}::{}::{name}", modules.join("::")));
        }
    }
    Err(Failed(format!("no aggregate of {domain} is of the kind {kind}: declare it first")))
}

/// The sources below a folder.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Failed::to("read a folder"))? {
            let path = entry.map_err(Failed::to("read a folder"))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// The list of kinds, with a job for one of them; none where that has one.
fn with_job(list: &str, aggregate: &str, job: &str, lane: &str) -> Option<String> {
    let due = format!(".due(&[Lane::{lane}], |jobs, key| {job}(jobs, key).boxed())");
    let known = [format!("Kind::notified::<{aggregate}>()"), format!("Kind::of::<{aggregate}>()")];
    if let Some((before, kind, after)) = known.iter().find_map(|kind| {
        let (before, after) = list.split_once(kind.as_str())?;
        Some((before, kind, after))
    }) {
        let has_job = after.trim_start().starts_with(".due(");
        return (!has_job).then(|| format!("{before}{kind}{due}{after}"));
    }
    let (before, after) = list.rsplit_once("];")?;
    Some(format!("{before}    Kind::of::<{aggregate}>(){due},\n];{after}"))
}

#[cfg(test)]
mod tests {
    use super::super::copied;
    use super::*;

    const FILES: [&str; 7] = [
        LANES,
        "functions/src/trade/workers/mod.rs",
        "functions/src/parties/workers/mod.rs",
        "shared/domain/trade/src/payments/mod.rs",
        "shared/domain/trade/src/orders/mod.rs",
        "shared/domain/trade/src/listings.rs",
        "shared/domain/parties/src/accounts.rs",
    ];

    fn new_job(context: &str, kind: &str) -> NewJob {
        let (context, kind) = (context.to_owned(), kind.to_owned());
        NewJob { context, kind, name: None, lane: "AdvanceCase".to_owned() }
    }

    #[test]
    fn a_job_of_a_known_kind_has_its_file_and_stands_in_its_kinds_line() {
        let copy = copied(&FILES);
        let job = NewJob { name: Some("return_payment".to_owned()), ..new_job("trade", "payment") };
        job.write(copy.path()).unwrap();
        let text = read(copy.path(), "functions/src/trade/workers/return_payment.rs").unwrap();
        for part in [
            "use market_trade::payments::PaymentRecord;",
            "async fn return_payment(jobs: &WorkerContext, key: &Key)",
            "get_at::<PaymentRecord>(key)",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
        assert!(!text.contains("{{"), "a blank was left: {text}");
        let list = read(copy.path(), "functions/src/trade/workers/mod.rs").unwrap();
        let line = "Kind::notified::<PaymentRecord>().due(&[Lane::AdvanceCase], |jobs, key| return_payment(jobs, key).boxed()),";
        assert_eq!(list.matches(line).count(), 1, "{list}");
        assert!(list.contains("mod advance_case;\nmod return_payment;\n"), "{list}");
        for line in ["use self::return_payment::return_payment;\n", "use market_kernel::aggregate::Lane;\n"] {
            assert_eq!(list.matches(line).count(), 1, "{list}");
        }

        let again = job.write(copy.path()).unwrap_err();
        assert!(again.0.contains("is there already"), "{}", again.0);
    }

    #[test]
    fn the_first_job_of_a_context_brings_what_its_list_needs() {
        let copy = copied(&FILES);
        new_job("parties", "account").write(copy.path()).unwrap();
        let list = read(copy.path(), "functions/src/parties/workers/mod.rs").unwrap();
        assert!(list.contains("nothing yet.\n\nmod advance_account;\n\nuse "), "{list}");
        assert!(list.contains("Kind::of::<MarketAccount>().due(&[Lane::AdvanceCase], "), "{list}");
        for line in [
            "use futures_util::FutureExt;\n",
            "use market_kernel::aggregate::Lane;\n",
            "use market_parties::accounts::MarketAccount;\n",
            "use self::advance_account::advance_account;\n",
        ] {
            assert_eq!(list.matches(line).count(), 1, "{line} in {list}");
        }
    }

    #[test]
    fn a_kind_that_the_list_does_not_know_is_put_at_its_end() {
        let list = "const KINDS: &[Kind] = &[\n    Kind::of::<A>(),\n];\n";
        let with = with_job(list, "B", "end_b", "AdvanceCase").unwrap();
        assert!(with.contains("Kind::of::<A>(),\n    Kind::of::<B>().due(&[Lane::AdvanceCase], "), "{with}");
        assert!(with.ends_with(".boxed()),\n];\n"), "{with}");
    }

    #[test]
    fn what_cannot_be_is_refused_and_nothing_is_written() {
        let copy = copied(&FILES);
        for (job, said) in [
            (new_job("market", "notice"), "no context: there are agreement"),
            (new_job("trade", "refund"), "no aggregate of shared/domain/trade is of the kind refund"),
            (new_job("trade", "Order"), "Order is no name"),
            (new_job("trade", "../order"), "is no name"),
            (new_job("trade", "order"), "has a job for Order already"),
            (
                NewJob { name: Some("advance_case".to_owned()), ..new_job("trade", "payment") },
                "there already",
            ),
            (NewJob { name: Some("Return".to_owned()), ..new_job("trade", "payment") }, "Return is no name"),
            (NewJob { lane: "Fast".to_owned(), ..new_job("trade", "payment") }, "no lane Fast"),
        ] {
            // The job of orders.
            fs::write(copy.path().join("functions/src/trade/workers/advance_case.rs"), "").unwrap();
            let refused = job.write(copy.path()).unwrap_err();
            assert!(refused.0.contains(said), "{}", refused.0);
        }
        let folder = fs::read_dir(copy.path().join("functions/src/trade/workers")).unwrap();
        assert_eq!(folder.count(), 2, "the list and the job that was there");
    }
}
