//! The tour of docs/TOUR.md, as someone pastes it into a shell, and what is shown of it there.

use std::fs;
use std::process::Command;

use crate::harness::World;

/// Between the outputs of two blocks; no command of the tour prints it.
const END_OF_BLOCK: &str = "\u{1e}";

/// A block of commands, and what a page shows of its output.
#[derive(Debug, PartialEq)]
pub struct Block {
    pub commands: String,
    pub shown: Option<String>,
}

pub fn page(path: &str) -> String {
    fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The blocks of commands in a page. A block of another kind that follows at once shows what they print.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = page.lines().peekable();
    let mut follows = false;
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            follows = false;
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = block.join("\n");
        match blocks.last_mut() {
            _ if kind == "sh" => blocks.push(Block { commands: block, shown: None }),
            Some(last) if follows => last.shown = Some(block),
            _ => {}
        }
        follows = kind == "sh";
    }
    blocks
}

/// One line for each that was printed: a line that begins with a space goes on with the one before, and any white
/// space is as good as another.
fn printed(text: &str) -> String {
    let text = text.trim().replace("\n ", "");
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Where an output departs from what is shown of it, in which `…` stands for anything.
pub fn departs(shown: &str, output: &str) -> Option<String> {
    let (shown, output) = (printed(shown), printed(output));
    let pieces: Vec<&str> = shown.split('…').map(str::trim).collect();
    let mut rest = output.as_str();
    for (place, piece) in pieces.iter().enumerate() {
        let found = if place == 0 { rest.starts_with(piece).then_some(0) } else { rest.find(piece) };
        match found {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return Some(format!("{piece:?} is not in {rest:?}")),
        }
    }
    let last = pieces.last().copied().unwrap_or_default();
    (!output.ends_with(last) || (pieces.len() == 1 && !rest.is_empty())).then(|| format!("{rest:?} is left"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_tour_prints_what_is_shown() {
    let world = World::new().await;
    let tour = page("docs/TOUR.md").replace("http://127.0.0.1:8080", &world.running.url);
    let blocks = blocks(&tour);
    assert!(blocks.len() > 8, "{blocks:?}");
    // One shell, as the variables and functions of a block serve those after it.
    let scripts = blocks.iter().map(|block| format!("{}\nprintf '{END_OF_BLOCK}'\n", block.commands));
    let script: String = scripts.collect();
    let ran = tokio::task::spawn_blocking(move || {
        Command::new("bash").args(["-u", "-o", "pipefail", "-c", &script]).output().unwrap()
    });
    let ran = ran.await.unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && errors.is_empty(), "{errors}");
    let output = String::from_utf8(ran.stdout).unwrap();
    let outputs: Vec<&str> = output.split_terminator(END_OF_BLOCK).collect();
    assert_eq!(outputs.len(), blocks.len(), "{output}");
    for (block, output) in blocks.iter().zip(outputs) {
        let departs = departs(block.shown.as_deref().unwrap_or_default(), output);
        assert_eq!(departs, None, "\n{}\nprinted\n{output}", block.commands);
    }
}

#[test]
fn what_is_shown_is_compared_whole_but_for_what_is_left_out() {
    assert_eq!(departs("{\"a\":1,\n \"b\":[…],…}", "{\"a\":1,\"b\":[2,3],\"c\":4}\n"), None);
    assert_eq!(departs("a\tb\n…\nd", "a b\nc\nd\n"), None);
    for (shown, output) in [("a", "ab"), ("a…c", "abcd"), ("a…c", "ab"), ("…b", "ba"), ("a", ""), ("", "a")]
    {
        assert!(departs(shown, output).is_some(), "{shown:?} is not what {output:?} is");
    }
}

#[test]
fn a_block_is_shown_by_the_one_right_below_it() {
    let page =
        "text\n```sh\nfirst\n```\n```json\n{}\n```\n```sh\nsecond\n```\nnot its output:\n```\nx\n```\n";
    let block = |commands: &str, shown: Option<&str>| Block {
        commands: commands.into(),
        shown: shown.map(str::to_owned),
    };
    assert_eq!(blocks(page), [block("first", Some("{}")), block("second", None)]);
}
