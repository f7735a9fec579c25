//! What is made from the commands: completions for shells, and the manual page.

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use expect_test::expect_file;
use market::commands::{ANSWERS, Arguments, BESIDE, ENVIRONMENT, EXITS, MANUAL, Shell as Offered};

fn completions(shell: Shell) -> String {
    let mut made = Vec::new();
    generate(shell, &mut Arguments::command(), "market", &mut made);
    String::from_utf8(made).unwrap()
}

/// One page for all commands: of each what it does and what it takes, under its whole name.
fn manual() -> String {
    // The release would change the page whenever it changes.
    let arguments = Arguments::command().version("").disable_help_subcommand(true);
    let page = Man::new(arguments.clone()).title("market").source("market");
    let mut made = Vec::new();
    page.render_title(&mut made).unwrap();
    page.render_name_section(&mut made).unwrap();
    page.render_synopsis_section(&mut made).unwrap();
    page.render_description_section(&mut made).unwrap();
    page.render_options_section(&mut made).unwrap();
    let mut made = String::from_utf8(made).unwrap();
    made.push_str(".SH COMMANDS\n");
    let mut arguments = arguments;
    arguments.build();
    command_pages(&arguments, "market", &mut made);
    made.push_str(".SH ENVIRONMENT\n");
    for (name, what) in ENVIRONMENT {
        made.push_str(&format!(".TP\n\\fB{name}\\fR\n{}\n", escaped(what)));
    }
    made.push_str(".SH \"EXIT STATUS\"\n");
    for (ended, what) in EXITS {
        made.push_str(&format!(".TP\n\\fB{}\\fR\n{}\n", ended as u8, escaped(what)));
    }
    let beside = escaped(&format!("{BESIDE}\n{ANSWERS}"));
    // What roff calls characters beyond ASCII, so that every `man` shows them.
    let made = made.replace('…', "\\[u2026]").replace('–', "\\[en]");
    made + &format!(".SH \"BESIDE THE API, WHILE IT RUNS\"\n.nf\n{beside}\n.fi\n")
}

/// A text, as roff has it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('-', "\\-").replace('\'', "\\*(Aq")
}

fn command_pages(command: &Command, name: &str, made: &mut String) {
    let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    for sub in shown {
        let name = format!("{name} {}", sub.get_name());
        let page = Man::new(sub.clone());
        let mut text = Vec::new();
        page.render_description_section(&mut text).unwrap();
        page.render_options_section(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let body = text.lines().filter(|line| {
            !line.starts_with(".SH ") && !line.starts_with(".ie ") && !line.starts_with(".el ")
        });
        made.push_str(&format!(".SS \"{name}\"\n"));
        for line in body {
            made.push_str(line);
            made.push('\n');
        }
        command_pages(sub, &name, made);
    }
}

#[test]
fn the_committed_completions_and_the_manual_are_what_the_commands_are() {
    expect_file!["../../infra/local/completions/market.bash"].assert_eq(&completions(Shell::Bash));
    expect_file!["../../infra/local/completions/_market"].assert_eq(&completions(Shell::Zsh));
    expect_file!["../../infra/local/completions/market.fish"].assert_eq(&completions(Shell::Fish));
    expect_file!["../../infra/local/completions/market.1"].assert_eq(&manual());
}

#[test]
fn every_command_and_every_flag_is_in_the_manual_and_in_every_completion() {
    fn words(command: &Command, found: &mut Vec<String>) {
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            found.push(sub.get_name().to_owned());
            found.extend(sub.get_arguments().filter_map(|flag| flag.get_long()).map(str::to_owned));
            words(sub, found);
        }
    }
    let mut found = Vec::new();
    words(&Arguments::command(), &mut found);
    assert!(found.len() > 60, "{found:?}");
    let manual = MANUAL.replace("\\-", "-");
    for word in found {
        for shell in [Offered::Bash, Offered::Zsh, Offered::Fish] {
            assert!(shell.completions().contains(&word), "{word} in {shell:?}");
        }
        assert!(manual.contains(&word), "{word}");
    }
}

#[test]
fn the_manual_that_is_printed_names_its_release() {
    let printed = market::commands::manual();
    let title = printed.lines().find(|line| line.starts_with(".TH")).unwrap();
    assert_eq!(title.trim_end(), format!(".TH market 1  \"market {}\"", env!("CARGO_PKG_VERSION")));
    assert_eq!(printed.lines().count(), MANUAL.lines().count());
}
