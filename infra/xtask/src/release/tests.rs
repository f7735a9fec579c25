//! Packages that are really signed, and deployments with programs in the place of AWS's that keep what they were asked.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::environment::{Environment, keeps_what_never_changes};
use super::package::{RELEASE, put_together};
use super::{Deploy, Drift, Tools, deploy, drift, sums};
use crate::check::yaml_below;
use crate::run::root;

const TEMPLATE: &str = "Parameters:
  AccountConcurrency: { Type: Number, Default: 10 }
  Architecture: { Type: String, Default: arm64 }
  Deployment: { Type: String }
  LogDays: { Type: Number, Default: 365 }
  MarketName: { Type: String }
  Operator: { Type: String }
Resources:
  Table: { Type: AWS::DynamoDB::Table, Properties: { TableName: !Ref MarketName } }
";
const FILE: &str = "account = \"111122223333\"\nregion = \"eu-central-1\"\nstack = \"shop\"
bucket = \"artifacts\"
[parameters]\nMarketName = \"shop\"\nOperator = \"Sample Market Ltd.\"\n";

/// A folder with an environment `test`, a package, and programs that write down what they are asked.
struct Desk {
    folder: TempDir,
    tools: Tools,
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["environments", "source/infra", "scratch"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        fs::write(at("environments/test.toml"), FILE).unwrap();
        fs::write(at("source/template.yaml"), TEMPLATE).unwrap();
        fs::write(at("source/infra/made.yaml"), "Globals:\n  Function:\n    CodeUri: \"../functions\"\n")
            .unwrap();
        fs::write(at("source/bootstrap.zip"), "what all functions are").unwrap();
        let tools = Tools {
            // Read by a shell: a program that was written a moment ago may still be open for writing elsewhere.
            aws: vec!["sh".into(), at("aws").into()],
            sam: vec!["sh".into(), at("sam").into()],
            environments: at("environments"),
            scratch: at("scratch"),
        };
        let desk = Self { folder, tools };
        desk.key("key");
        let public = fs::read_to_string(desk.at("key.pub")).unwrap();
        fs::write(desk.at("environments/signers"), format!("# whose\nrelease {public}")).unwrap();
        desk.pack("key");
        desk.program("sam", "exit 0");
        desk.there(Some("MarketName\\tshop\\nLogDays\\t30"));
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn key(&self, name: &str) {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(self.at(name));
        assert!(command.status().unwrap().success());
    }

    fn pack(&self, key: &str) {
        let templates = ["template.yaml".to_owned(), "infra/made.yaml".to_owned()];
        let (package, source) = (self.at("package"), self.at("source"));
        put_together(&package, &source, &templates, &source.join("bootstrap.zip")).unwrap();
        let release = "version 1.2.3\ncommit 0123456789abcdef\narchitecture arm64\n";
        fs::write(package.join(RELEASE), release).unwrap();
        sums::write(&package).unwrap();
        sums::sign(&package, &self.at(key)).unwrap();
    }

    fn program(&self, name: &str, does: &str) {
        let asked = self.at("asked");
        fs::write(self.at(name), format!("echo \"{name} $*\" >> {}\n{does}\n", asked.display())).unwrap();
    }

    /// AWS, with a stack of these parameters, or none.
    fn there(&self, parameters: Option<&str>) {
        self.answers(parameters, &[]);
    }

    /// The same; and answers to other questions, by what is in them, before those that everything is well with.
    fn answers(&self, parameters: Option<&str>, others: &[(&str, &str)]) {
        let stack = match parameters {
            Some(lines) => format!("printf '{lines}'"),
            None => "echo 'An error occurred: Stack with id shop does not exist' >&2; exit 254".to_owned(),
        };
        let hash = sums::as_lambda_tells(&self.at("source/bootstrap.zip")).unwrap();
        let runs = format!("printf 'shop-sweep\\t$LATEST\\t{hash}\\nshop-sweep\\t7\\t{hash}\\n'");
        let cat = |name| format!("cat '{}'", root().join("infra").join(name).display());
        let well = [
            ("get-caller-identity", "echo 111122223333".to_owned()),
            ("get-account-settings", "echo 10".to_owned()),
            ("list-functions", runs),
            ("EnableTerminationProtection", "echo True".to_owned()),
            ("describe-stack-resource", "echo arn:data".to_owned()),
            ("get-stack-policy*arn:data", cat("data-stack-policy.json")),
            ("get-stack-policy", cat("stack-policy.json")),
        ];
        let others = others.iter().map(|(about, does)| (*about, (*does).to_owned()));
        let cases = others.chain(well).map(|(about, does)| format!("*{about}*) {does};; "));
        let answers = format!("case \"$*\" in {}*Parameters*) {stack};; esac", cases.collect::<String>());
        self.program("aws", &answers);
    }

    fn request(&self) -> Deploy {
        Deploy {
            environment: "test".to_owned(),
            package: self.at("package"),
            create: false,
            dry_run: false,
            yes: false,
        }
    }

    /// What deploying is refused for.
    fn refused(&self, request: &Deploy) -> String {
        let why = deploy(request, &self.tools).unwrap_err().0;
        assert!(!self.asked().contains("sam "), "nothing is deployed: {}", self.asked());
        why
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.at("asked")).unwrap_or_default()
    }

    fn parameters(&self) -> String {
        fs::read_to_string(self.at("scratch/test.toml")).unwrap()
    }
}

#[test]
fn a_package_is_taken_only_as_it_was_signed_and_from_those_who_are_named() {
    let desk = Desk::new();
    let (package, signers) = (desk.at("package"), desk.at("environments/signers"));
    let refused = || sums::verify(&package, &signers).unwrap_err().0;
    sums::verify(&package, &signers).unwrap();
    // By whoever has the usual tools, too.
    let check = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", sums::SUMS])
        .current_dir(&package)
        .status();
    assert!(check.unwrap().success());

    fs::write(package.join("bootstrap.zip"), "something else").unwrap();
    assert!(refused().contains("bootstrap.zip"));
    desk.pack("key");
    fs::write(package.join("infra/more.yaml"), "Resources: {}").unwrap();
    assert!(refused().contains("infra/more.yaml"));
    desk.pack("key");
    fs::remove_file(package.join("infra/made.yaml")).unwrap();
    assert!(refused().contains("infra/made.yaml"));
    desk.pack("key");
    std::os::unix::fs::symlink("/etc/passwd", package.join("link")).unwrap();
    assert!(refused().contains("link"));

    // A list that fits what is there, and that nobody signed.
    desk.pack("key");
    fs::write(package.join("bootstrap.zip"), "something else").unwrap();
    sums::write(&package).unwrap();
    assert!(refused().contains("signers"));
    desk.key("other");
    desk.pack("other");
    assert!(refused().contains("signers"));
    desk.pack("key");
    fs::remove_file(package.join(sums::SIGNATURE)).unwrap();
    assert!(refused().contains("signers"));
    desk.pack("key");
    fs::write(&signers, "# nobody yet\n").unwrap();
    assert!(refused().contains("signers"));
}

#[test]
fn every_template_of_a_package_takes_the_one_artifact_from_it() {
    let folder = TempDir::new().unwrap();
    let artifact = folder.path().join("made.zip");
    fs::write(&artifact, "what all functions are").unwrap();
    let mut templates = yaml_below("infra").unwrap();
    templates.push("template.yaml".to_owned());
    let package = folder.path().join("package");
    put_together(&package, &root(), &templates, &artifact).unwrap();
    let mut with_functions = 0;
    for name in &templates {
        let (made, source) = (package.join(name), fs::read_to_string(root().join(name)).unwrap());
        let text = fs::read_to_string(&made).unwrap();
        for line in text.lines().filter_map(|line| line.trim_start().strip_prefix("CodeUri: ")) {
            let artifact = made.parent().unwrap().join(line.trim_matches('"')).canonicalize().unwrap();
            assert_eq!(artifact, package.canonicalize().unwrap().join("bootstrap.zip"), "{name}");
            with_functions += 1;
        }
        let differ = text.lines().zip(source.lines()).filter(|(made, source)| made != source).count();
        assert!(differ <= 1 && text.lines().count() == source.lines().count(), "{name}");
    }
    assert!(with_functions > 20, "{with_functions}");
}

#[test]
fn every_environment_in_git_fits_the_templates() {
    let template = fs::read_to_string(root().join("template.yaml")).unwrap();
    let folder = root().join("infra/environments");
    let names = super::environment::names(&folder).unwrap();
    assert!(names.len() > 1, "{names:?}");
    for name in names {
        let environment = Environment::read(&folder, &name).unwrap();
        let parameters = environment.parameters(&template).unwrap();
        assert_eq!(parameters["MarketName"], environment.stack, "the stack's name finds the market's");
        // What has a default has its value said too: what was deployed before means nothing.
        assert_eq!(parameters["StageName"], "prod");
        assert!(!parameters.contains_key("Deployment"));
    }
}

#[test]
fn a_deployment_names_every_parameter_and_is_named_by_what_it_deploys() {
    let desk = Desk::new();
    deploy(&desk.request(), &desk.tools).unwrap();
    let asked = desk.asked();
    let sam = asked.lines().find(|line| line.starts_with("sam ")).unwrap();
    for part in [
        "--stack-name shop ",
        "--region eu-central-1 ",
        "--s3-bucket artifacts ",
        "package/template.yaml ",
        "--tags market=shop ",
        "--confirm-changeset",
    ] {
        assert!(sam.contains(part), "{part}: {sam}");
    }
    assert!(sam.contains(&format!("file://{}", desk.at("scratch/test.toml").display())), "{sam}");
    let first = desk.parameters();
    for line in ["LogDays = \"365\"", "Operator = \"Sample Market Ltd.\"", "Deployment = \"0123456789ab-"] {
        assert!(first.contains(line), "{line}: {first}");
    }

    deploy(&desk.request(), &desk.tools).unwrap();
    assert_eq!(desk.parameters(), first, "the same package with the same parameters is the same deployment");
    let name = |text: &str| text.lines().find(|line| line.starts_with("Deployment")).unwrap().to_owned();
    fs::write(desk.at("environments/test.toml"), format!("{FILE}LogDays = \"30\"\n")).unwrap();
    deploy(&desk.request(), &desk.tools).unwrap();
    let second = desk.parameters();
    assert_ne!(name(&second), name(&first));
    assert!(!desk.asked().contains("--role-arn"));
    let role = "role = \"arn:aws:iam::111122223333:role/deployer\"\n";
    fs::write(desk.at("environments/test.toml"), format!("{role}{FILE}LogDays = \"30\"\n")).unwrap();
    deploy(&desk.request(), &desk.tools).unwrap();
    assert!(desk.asked().contains("--role-arn arn:aws:iam::111122223333:role/deployer"));
    assert_eq!(desk.parameters(), second, "who makes it is no part of what is made");
    fs::write(desk.at("source/bootstrap.zip"), "a mended one").unwrap();
    desk.pack("key");
    desk.there(Some("MarketName\\tshop\\n"));
    deploy(&desk.request(), &desk.tools).unwrap();
    assert_ne!(name(&desk.parameters()), name(&second));
}

#[test]
fn a_dry_run_verifies_everything_here_and_asks_nobody() {
    let desk = Desk::new();
    deploy(&Deploy { dry_run: true, ..desk.request() }, &desk.tools).unwrap();
    assert_eq!(desk.asked(), "");
    fs::write(desk.at("package/bootstrap.zip"), "something else").unwrap();
    assert!(desk.refused(&Deploy { dry_run: true, ..desk.request() }).contains("bootstrap.zip"));
}

#[test]
fn a_stack_is_made_only_where_that_is_asked_for() {
    let desk = Desk::new();
    let create = Deploy { create: true, ..desk.request() };
    assert!(desk.refused(&create).contains("there already"));
    // One whose change set was never carried out has no parameters.
    desk.there(Some(""));
    assert!(desk.refused(&desk.request()).contains("--create"));
    desk.there(None);
    assert!(desk.refused(&desk.request()).contains("--create"));
    deploy(&create, &desk.tools).unwrap();
    assert!(desk.asked().contains("sam deploy"));
}

#[test]
fn what_cannot_be_asked_is_no_stack_that_is_not_there() {
    let desk = Desk::new();
    desk.program(
        "aws",
        "case \"$*\" in *get-caller*) echo 111122223333;; *get-account*) echo 10;; *) echo 'AccessDenied' >&2; exit 254;; esac",
    );
    assert!(desk.refused(&Deploy { create: true, ..desk.request() }).contains("AccessDenied"));
}

#[test]
fn a_stack_never_becomes_another_market() {
    let desk = Desk::new();
    for other in ["MarketName\\tmarket\\n", "Empty\\t\\nMarketName\\tshop-2\\nLogDays\\t\\n"] {
        desk.there(Some(other));
        let why = desk.refused(&desk.request());
        assert!(why.contains("MarketName") && why.contains("another market"), "{why}");
    }
    let with = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
    // And stays on the table on which it was put by a restore.
    for name in ["MarketName", "SubjectKeySecret", "Subjects", "TableName", "TableStreamLabel"] {
        assert!(keeps_what_never_changes(&with(name, "a"), &with(name, "b")).is_err(), "{name}");
        assert!(keeps_what_never_changes(&with(name, "a"), &with(name, "a")).is_ok(), "{name}");
    }
    assert!(keeps_what_never_changes(&with("LogDays", "30"), &with("LogDays", "365")).is_ok());
}

#[test]
fn a_market_is_protected_from_what_a_deployment_could_do_to_its_table_before_the_deployment() {
    let desk = Desk::new();
    let there = Some("MarketName\\tshop\\n");
    deploy(&desk.request(), &desk.tools).unwrap();
    assert!(!desk.asked().contains("set-stack-policy"), "it is: {}", desk.asked());
    assert!(!desk.asked().contains("update-termination-protection"), "{}", desk.asked());

    let loose = [
        ("EnableTerminationProtection", "echo False"),
        ("get-stack-policy*arn:data", "echo None"),
        ("get-stack-policy", "echo '{\"Statement\": []}'"),
    ];
    desk.answers(there, &loose);
    deploy(&desk.request(), &desk.tools).unwrap();
    let asked = desk.asked();
    let at = |words: &str| asked.find(words).unwrap_or_else(|| panic!("{words}: {asked}"));
    let deployed = asked.rfind("sam deploy").unwrap();
    for words in [
        "update-termination-protection --enable-termination-protection --stack-name shop",
        "set-stack-policy --stack-name shop ",
        "set-stack-policy --stack-name arn:data ",
        "LogicalResourceId/Data",
        "AWS::DynamoDB::Table",
    ] {
        assert!(at(words) < deployed, "{words}: {asked}");
    }
    // One that cannot be protected is not deployed to.
    let desk = Desk::new();
    let refuses = [("set-stack-policy", "echo AccessDenied >&2; exit 254"), loose[1]];
    desk.answers(there, &refuses);
    assert!(desk.refused(&desk.request()).contains("AccessDenied"));
    // And a new one is as soon as it is there.
    let desk = Desk::new();
    desk.answers(None, &loose);
    deploy(&Deploy { create: true, ..desk.request() }, &desk.tools).unwrap();
    let asked = desk.asked();
    assert!(asked.find("sam deploy").unwrap() < asked.find("set-stack-policy").unwrap(), "{asked}");
}

#[test]
fn what_runs_is_what_was_signed_or_it_is_told() {
    let desk = Desk::new();
    let there = Some("MarketName\\tshop\\n");
    let hash = sums::as_lambda_tells(&desk.at("source/bootstrap.zip")).unwrap();
    let told = |lines: &str| {
        desk.answers(there, &[("list-functions", &format!("printf '{lines}'"))]);
        deploy(&desk.request(), &desk.tools)
    };
    // What was live before may still be there.
    told(&format!("shop-relay\\t9\\told\\nshop-relay\\t10\\t{hash}\\nshop-sweep\\t3\\t{hash}\\n")).unwrap();
    let why =
        told(&format!("shop-relay\\t9\\t{hash}\\nshop-relay\\t10\\tother\\nshop-sweep\\t3\\t{hash}\\n"));
    let why = why.unwrap_err().0;
    assert!(why.contains("of 2 functions 1 ") && why.contains(": shop-relay\n"), "{why}");
    assert!(told("").unwrap_err().0.contains("of 0 functions"), "nothing proves nothing");
    let all = desk.asked();
    let asked = all.lines().rfind(|line| line.contains("list-functions")).unwrap();
    assert!(asked.contains("--function-version ALL") && asked.contains("'shop-'"), "{asked}");
}

#[test]
fn no_market_is_deployed_that_would_run_more_at_once_than_its_account_may() {
    let desk = Desk::new();
    let file = |account: &str| format!("{FILE}AccountConcurrency = \"{account}\"\n");
    fs::write(desk.at("environments/test.toml"), file("1000")).unwrap();
    let why = desk.refused(&desk.request());
    assert!(
        why.contains("is 1000") && why.contains("runs 10 at once") && why.contains("docs/DEPLOY.md"),
        "{why}"
    );
    let there = Some("MarketName\\tshop\\n");
    desk.answers(there, &[("get-account-settings", "echo None")]);
    assert!(desk.refused(&desk.request()).contains("no number"));
    desk.answers(there, &[("get-account-settings", "echo 1000")]);
    deploy(&desk.request(), &desk.tools).unwrap();
    // The page has the section that it names.
    let page = fs::read_to_string(root().join("docs/DEPLOY.md")).unwrap();
    assert!(page.contains("### How much may run at once\n"));
}

#[test]
fn what_is_mistyped_is_refused_before_anything_is_asked() {
    let desk = Desk::new();
    let why = desk.refused(&Deploy { environment: "tset".to_owned(), ..desk.request() });
    assert!(why.contains("`tset`") && why.contains("test"), "{why}");
    for (file, told) in [
        (FILE.replace("Operator", "Operater"), "Operater"),
        (FILE.replace("Operator = \"Sample Market Ltd.\"\n", ""), "Operator"),
        (FILE.replace("stack =", "stak ="), "stak"),
        (format!("{FILE}Deployment = \"mine\"\n"), "Deployment"),
        (format!("{FILE}Architecture = \"x86_64\"\n"), "x86_64"),
    ] {
        fs::write(desk.at("environments/test.toml"), &file).unwrap();
        let why = desk.refused(&desk.request());
        assert!(why.contains(told), "{told}: {why}");
    }
    assert_eq!(desk.asked(), "");
}

#[test]
fn nothing_is_deployed_from_another_account() {
    let desk = Desk::new();
    fs::write(desk.at("environments/test.toml"), FILE.replace("111122223333", "999988887777")).unwrap();
    let why = desk.refused(&desk.request());
    assert!(why.contains("111122223333") && why.contains("999988887777"), "{why}");
}

/// AWS with a stack and one below it, of which the lower one is in this state.
fn two_stacks(desk: &Desk, state: &str) {
    let answers = format!(
        "case \"$*\" in
*list-stack-resources*arn:*) ;;
*list-stack-resources*) echo arn:aws:cloudformation:eu-central-1:111122223333:stack/shop-Data/1 ;;
*detect-stack-drift*arn:*) echo lower ;;
*detect-stack-drift*) echo upper ;;
*lower*DetectionStatusReason*) echo no right to look ;;
*detection-status*lower*) printf '{state}' ;;
*detection-status*) printf 'DETECTION_COMPLETE\\tIN_SYNC' ;;
*resource-drifts*) printf 'Table\\tAWS::DynamoDB::Table\\tMODIFIED\\t/DeletionProtectionEnabled\\n' ;;
esac"
    );
    desk.program("aws", &answers);
}

#[test]
fn what_was_changed_by_other_hands_is_told_of_nested_stacks_too() {
    let desk = Desk::new();
    let request = Drift { environment: "test".to_owned() };
    two_stacks(&desk, "DETECTION_COMPLETE\\tIN_SYNC");
    drift(&request, &desk.tools).unwrap();
    assert!(desk.asked().contains("detect-stack-drift --stack-name arn:aws"), "{}", desk.asked());
    two_stacks(&desk, "DETECTION_COMPLETE\\tDRIFTED");
    assert!(drift(&request, &desk.tools).unwrap_err().0.starts_with("1 resources of 2 stacks"));
    two_stacks(&desk, "DETECTION_COMPLETE\\tUNKNOWN");
    assert!(drift(&request, &desk.tools).unwrap_err().0.contains("cannot tell"));
    // Whoever asks may not look at everything.
    two_stacks(&desk, "DETECTION_FAILED\\tIN_SYNC");
    assert!(drift(&request, &desk.tools).unwrap_err().0.contains("no right to look"));
}
