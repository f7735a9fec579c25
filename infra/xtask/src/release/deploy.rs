//! `cargo xtask deploy`: a package, verified, to an environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::aws::{ask, cloudformation, of};
use super::environment::{DEPLOYMENT, Environment, Parameters, keeps_what_never_changes};
use super::package::RELEASE;
use super::protect::protect;
use super::runs::{may_run_so_much, runs_what_was_signed};
use super::{Deploy, Tools, sums};
use crate::run::{Done, Failed, run, words};

/// Deploys.
///
/// # Errors
/// Where the package is not what was signed, or is for another processor; where the environment's file and the package's
/// template do not fit each other; where the account is another, the stack is not there (or is, with `--create`), or
/// would become another market; where the account may run less at once than the file says; where `sam deploy` fails; where
/// functions run something else afterwards than what was signed.
pub fn deploy(deploy: &Deploy, tools: &Tools) -> Done {
    let environment = Environment::read(&tools.environments, &deploy.environment)?;
    let folder = deploy.package.canonicalize().map_err(Failed::to("find the package"))?;
    sums::verify(&folder, &tools.environments.join("signers"))?;
    let template = folder.join("template.yaml");
    let text = fs::read_to_string(&template).map_err(Failed::to("read the package's template"))?;
    let mut parameters = environment.parameters(&text)?;
    let commit = fits(&folder, &parameters)?;
    parameters.insert(DEPLOYMENT.to_owned(), name(&commit, &folder, &parameters)?);
    let file = tools.scratch.join(format!("{}.toml", deploy.environment));
    write(&file, &parameters)?;
    let mut command = sam(deploy, tools, &environment, &template, &file, &parameters);
    if deploy.dry_run {
        for (name, value) in &parameters {
            println!("{name} = {value}");
        }
        println!("{}", words(&command));
        return Ok(());
    }
    is_in_account(tools, &environment)?;
    may_run_so_much(tools, &environment, &parameters)?;
    match (of_stack(tools, &environment)?, deploy.create) {
        (Some(before), false) => {
            keeps_what_never_changes(&before, &parameters)?;
            // Before: what is done now is what it protects from.
            protect(tools, &environment)?;
        }
        (None, true) => {}
        (Some(_), true) => return Err(Failed(format!("stack {} is there already", environment.stack))),
        (None, false) => {
            let what = "is not there; with --create a new market is made, with an empty table";
            return Err(Failed(format!("stack {} {what}", environment.stack)));
        }
    }
    run(&mut command)?;
    protect(tools, &environment)?;
    runs_what_was_signed(tools, &environment, &folder, &parameters)
}

/// The commit of the package, where it is for the environment's processor.
fn fits(folder: &Path, parameters: &Parameters) -> Result<String, Failed> {
    let text = fs::read_to_string(folder.join(RELEASE)).map_err(Failed::to("read RELEASE"))?;
    let about: BTreeMap<_, _> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    let (built, wanted) =
        (about.get("architecture").copied(), parameters.get("Architecture").map(String::as_str));
    if built != wanted {
        let (built, wanted) = (built.unwrap_or("nothing"), wanted.unwrap_or("nothing"));
        return Err(Failed(format!(
            "the package is for {built}, the environment's Architecture is {wanted}"
        )));
    }
    about
        .get("commit")
        .map(|commit| (*commit).to_owned())
        .ok_or_else(|| Failed("RELEASE names no commit".into()))
}

/// The deployment's name: the commit, and what tells this package with these parameters from any other.
fn name(commit: &str, folder: &Path, parameters: &Parameters) -> Result<String, Failed> {
    let mut whole = fs::read_to_string(folder.join(sums::SUMS)).map_err(Failed::to("read SHA256SUMS"))?;
    for (name, value) in parameters {
        whole.push_str(&format!("{name}={value}\n"));
    }
    let short = |text: &str, length| text.get(..length).unwrap_or_default().to_owned();
    Ok(format!("{}-{}", short(commit, 12), short(&sums::sha256(whole), 12)))
}

/// In a file: on a command's line sam takes a value with blanks for several.
fn write(file: &Path, parameters: &Parameters) -> Done {
    let text = basic_toml::to_string(parameters).map_err(|error| Failed(error.to_string()))?;
    fs::create_dir_all(file.parent().unwrap_or(file))
        .and_then(|()| fs::write(file, text))
        .map_err(Failed::to("write the parameters"))
}

fn sam(
    deploy: &Deploy,
    tools: &Tools,
    environment: &Environment,
    template: &Path,
    file: &Path,
    parameters: &Parameters,
) -> Command {
    let mut command = of(&tools.sam, &["deploy", "--template-file"]);
    command.arg(template).args(["--stack-name", &environment.stack, "--region", &environment.region]);
    command.args([
        "--s3-bucket",
        &environment.bucket,
        "--no-fail-on-empty-changeset",
        "--parameter-overrides",
    ]);
    command.arg(format!("file://{}", file.display()));
    command.args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]);
    let market = parameters.get("MarketName").map_or("", String::as_str);
    command.args(["--tags", &format!("market={market}")]);
    if let Some(role) = &environment.role {
        command.args(["--role-arn", role]);
    }
    command.arg(if deploy.yes { "--no-confirm-changeset" } else { "--confirm-changeset" });
    command
}

fn is_in_account(tools: &Tools, environment: &Environment) -> Done {
    let here = ask(tools, environment, &["sts", "get-caller-identity", "--query", "Account"])?;
    if here == environment.account {
        return Ok(());
    }
    Err(Failed(format!("this is account {here}, and the environment's is {}", environment.account)))
}

/// The parameters of the stack, where it is there. A change set that was never carried out leaves a stack of which nothing
/// was made, and which has none.
fn of_stack(tools: &Tools, environment: &Environment) -> Result<Option<Parameters>, Failed> {
    let query = "Stacks[?StackStatus!='REVIEW_IN_PROGRESS'].Parameters[].[ParameterKey,ParameterValue]";
    let described = ["describe-stacks", "--stack-name", &environment.stack];
    let asked = cloudformation(tools, environment, &described, Some(query));
    match asked {
        Ok(text) => {
            let lines = text.lines().filter_map(|line| line.split_once('\t'));
            let found: Parameters = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            Ok((!found.is_empty()).then_some(found))
        }
        Err(Failed(why)) if why.contains("does not exist") => Ok(None),
        Err(failed) => Err(failed),
    }
}
