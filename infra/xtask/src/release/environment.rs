//! An environment: the account, region and stack that it is, and its parameters, in a file of its own in git.

use std::collections::BTreeMap;
use std::path::Path;

use saphyr::{LoadableYamlNode, Yaml};
use serde::Deserialize;

use crate::run::{Done, Failed};

/// What another value would make another market of, or would lose its parties.
const NEVER_CHANGES: [&str; 3] = ["MarketName", "SubjectKeySecret", "Subjects"];
/// Which table the market stands on: after a restore the file has to be told, or a deployment would put it back.
const OF_THE_TABLE: [&str; 2] = ["TableName", "TableStreamLabel"];
/// The one parameter that is no environment's.
pub const DEPLOYMENT: &str = "Deployment";

pub type Parameters = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    pub account: String,
    pub region: String,
    pub stack: String,
    /// The bucket into which templates and artifact are put for `CloudFormation` to take.
    pub bucket: String,
    /// The role by which CloudFormation makes what the templates say, where whoever deploys may not do so.
    pub role: Option<String>,
    parameters: Parameters,
}

impl Environment {
    /// Reads the file of this name.
    ///
    /// # Errors
    /// Where there is none, which names those that there are; where it says something else than environments do.
    pub fn read(folder: &Path, name: &str) -> Result<Self, Failed> {
        let names = names(folder)?;
        if !names.iter().any(|there| there == name) {
            return Err(Failed(format!("there is no environment `{name}`; there are: {}", names.join(", "))));
        }
        let file = folder.join(format!("{name}.toml"));
        let text = std::fs::read_to_string(&file).map_err(Failed::to("read the environment's file"))?;
        basic_toml::from_str(&text).map_err(|error| Failed(format!("{}: {error}", file.display())))
    }

    /// Every parameter of a template with its value here: the file's, or the template's default.
    ///
    /// # Errors
    /// Where the file names one that the template does not have, or leaves out one that has no default.
    pub fn parameters(&self, template: &str) -> Result<Parameters, Failed> {
        let mut declared = declared(template)?;
        declared.remove(DEPLOYMENT);
        let unknown: Vec<_> =
            self.parameters.keys().filter(|name| !declared.contains_key(*name)).map(String::as_str).collect();
        if !unknown.is_empty() {
            return Err(Failed(format!("the package's template has no parameter {}", unknown.join(", "))));
        }
        let value = |(name, default): (String, Option<String>)| {
            let value = self.parameters.get(&name).cloned().or(default);
            value.map_or_else(|| Err(name.clone()), |value| Ok((name.clone(), value)))
        };
        let (values, missing): (Vec<_>, Vec<_>) = declared.into_iter().map(value).partition(Result::is_ok);
        let missing: Vec<_> = missing.into_iter().filter_map(Result::err).collect();
        if missing.is_empty() {
            return Ok(values.into_iter().flatten().collect());
        }
        Err(Failed(format!("the environment's file does not say {}", missing.join(", "))))
    }
}

/// The environments that there are.
///
/// # Errors
/// Where the folder cannot be read.
pub fn names(folder: &Path) -> Result<Vec<String>, Failed> {
    let entries = std::fs::read_dir(folder).map_err(Failed::to("list the environments"))?;
    let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = files.filter_map(|file| file.strip_suffix(".toml").map(str::to_owned)).collect();
    names.sort();
    Ok(names)
}

/// The parameters of a template, with their defaults.
fn declared(template: &str) -> Result<BTreeMap<String, Option<String>>, Failed> {
    let broken = || Failed("the package's template.yaml has no parameters".to_owned());
    let documents =
        Yaml::load_from_str(template).map_err(|error| Failed(format!("template.yaml: {error}")))?;
    let root = documents.first().ok_or_else(broken)?;
    let parameters = root.as_mapping_get("Parameters").and_then(Yaml::as_mapping).ok_or_else(broken)?;
    let text = |value: &Yaml<'_>| {
        value.as_str().map(str::to_owned).or_else(|| value.as_integer().map(|number| number.to_string()))
    };
    let parameter = |(name, about): (&Yaml<'_>, &Yaml<'_>)| {
        Some((name.as_str()?.to_owned(), about.as_mapping_get("Default").and_then(text)))
    };
    Ok(parameters.iter().filter_map(parameter).collect())
}

/// Whether these parameters may be deployed over a stack's.
///
/// # Errors
/// Where one would change that never does, or that is changed otherwise.
pub fn keeps_what_never_changes(before: &Parameters, after: &Parameters) -> Done {
    let names = NEVER_CHANGES.map(|name| (name, "it never changes, for it would be another market"));
    let of_the_table =
        OF_THE_TABLE.map(|name| (name, "`market restore` alone changes it; say in the file what is there"));
    for (name, why) in names.into_iter().chain(of_the_table) {
        if let (Some(before), Some(after)) = (before.get(name), after.get(name))
            && before != after
        {
            return Err(Failed(format!(
                "{name} is `{before}` there and `{after}` in the environment's file; {why}"
            )));
        }
    }
    Ok(())
}
