//! What runs as Lambda: a route for each operation ([`routes`]), a worker for each lane ([`workers`]), the sweep, the
//! relay, the gateway's authorizer, and what SES tells of its mail ([`feedback`]). One artifact; the handler's name chooses
//! ([`handler`]). The local market runs the very same functions in one process.
//!
//! Routes, views, jobs and problem codes stand in the folder of their context, and are declared in its `mod.rs`.

pub mod agreement;
pub mod codes;
pub mod entrustment;
pub mod feedback;
pub mod handler;
pub mod http;
pub mod kinds;
pub mod market;
pub mod metrics;
pub mod parties;
pub mod register;
pub mod routes;
pub mod schedules;
#[cfg(feature = "deployed")]
pub mod settings;
pub mod trade;
pub mod waiting;
pub mod wire;
pub mod workers;

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// The folders, each behind those that it may import; then what joins them. Beside them are the binary's own, and the
    /// tests of a file.
    const ORDER: [&str; 14] = [
        "http",
        "wire",
        "workers",
        "feedback",
        "market",
        "parties",
        "agreement",
        "trade",
        "entrustment",
        "codes",
        "kinds",
        "routes",
        "settings",
        "handler",
    ];

    /// The files below a folder, with their texts.
    fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| {
                if path.is_dir() {
                    sources(&path)
                } else {
                    vec![(path.clone(), fs::read_to_string(&path).unwrap())]
                }
            })
            .collect()
    }

    #[test]
    fn a_folder_imports_none_that_stands_behind_it_and_what_all_routes_have_in_common_imports_none() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let entries = fs::read_dir(&source).unwrap().map(|entry| entry.unwrap().path());
        for folder in entries.filter(|path| path.is_dir()) {
            let name = folder.file_name().and_then(OsStr::to_str).unwrap();
            if ["lambda", "register"].contains(&name) {
                continue;
            }
            let place = ORDER.iter().position(|known| *known == name);
            let place = place.unwrap_or_else(|| panic!("{name} has no place in the order"));
            for (file, text) in sources(&folder) {
                let imported = text.split("crate::").skip(1);
                let imported =
                    imported.map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap());
                for name in imported {
                    // An import of several at once has no name here.
                    assert!(!name.is_empty(), "{}: an import a line", file.display());
                    assert!(!ORDER[place + 1..].contains(&name), "{} imports {name}", file.display());
                    assert!(ORDER[place] != "http" || name == "http", "{} imports {name}", file.display());
                }
            }
        }
    }
}
