//! What is in a package, and that someone who may has signed it. `SHA256SUMS` lists every file with its hash, as `sha256sum`
//! writes and checks it; `SHA256SUMS.sig` is a signature of it by ssh-keygen. So a package can be verified without this
//! program too.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::run::{Done, Failed};

pub const SUMS: &str = "SHA256SUMS";
pub const SIGNATURE: &str = "SHA256SUMS.sig";
/// What the key signs here and nowhere else, and as whom.
const NAMESPACE: &str = "market-release";
const SIGNER: &str = "release";

/// The hash of some bytes, in hexadecimal digits.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    digits(&Sha256::digest(bytes.as_ref()))
}

fn digits(hash: &[u8]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn of_file(path: &Path) -> Result<String, Failed> {
    hashed(path).map(|hash| digits(&hash))
}

/// The hash of a file as Lambda tells it of a function that runs it (`CodeSha256`).
pub fn as_lambda_tells(path: &Path) -> Result<String, Failed> {
    hashed(path).map(|hash| BASE64_STANDARD.encode(hash))
}

fn hashed(path: &Path) -> Result<[u8; 32], Failed> {
    let failed = |error| Failed(format!("cannot read {}: {error}", path.display()));
    let mut file = File::open(path).map_err(failed)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(hash.finalize().into()),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// The hash of every file below a folder, by its path from there; not the list's own and its signature's.
fn of_folder(folder: &Path) -> Result<BTreeMap<String, String>, Failed> {
    let (mut sums, mut left) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(place) = left.pop() {
        let failed = |error| Failed(format!("cannot list {}: {error}", place.display()));
        for entry in std::fs::read_dir(&place).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            // A link may lead out of what is signed.
            if path.is_symlink() {
                return Err(Failed(format!("{name} is a link; a package has none")));
            } else if path.is_dir() {
                left.push(path);
            } else if name != SUMS && name != SIGNATURE {
                sums.insert(name, of_file(&path)?);
            }
        }
    }
    Ok(sums)
}

/// Writes the list of what is below a folder.
pub fn write(folder: &Path) -> Done {
    let lines = of_folder(folder)?.into_iter().map(|(name, sum)| format!("{sum}  {name}\n"));
    std::fs::write(folder.join(SUMS), lines.collect::<String>()).map_err(Failed::to("write SHA256SUMS"))
}

/// Signs the list.
pub fn sign(folder: &Path, key: &Path) -> Done {
    // ssh-keygen asks before it replaces one.
    drop(std::fs::remove_file(folder.join(SIGNATURE)));
    let mut command = Command::new("ssh-keygen");
    command.args(["-Y", "sign", "-q", "-n", NAMESPACE, "-f"]).arg(key).arg(folder.join(SUMS));
    crate::run::run(&mut command)
}

/// That the package is whole, has nothing beside what is listed, and the list is signed by one who may.
///
/// # Errors
/// Where it is not: what is wrong.
pub fn verify(folder: &Path, signers: &Path) -> Done {
    let list = File::open(folder.join(SUMS))
        .map_err(|error| Failed(format!("{} is no package: {SUMS}: {error}", folder.display())))?;
    let mut command = Command::new("ssh-keygen");
    command.args(["-Y", "verify", "-q", "-n", NAMESPACE, "-I", SIGNER, "-f"]).arg(signers);
    command.arg("-s").arg(folder.join(SIGNATURE)).stdin(list).stdout(Stdio::null());
    let verified = command.output().map_err(Failed::to("run ssh-keygen"))?;
    if !verified.status.success() {
        let said = String::from_utf8_lossy(&verified.stderr);
        let what = "nobody whom infra/environments/signers names has signed this package as it is";
        return Err(Failed(format!("{what}: {}", said.trim())));
    }
    let listed = std::fs::read_to_string(folder.join(SUMS)).map_err(Failed::to("read SHA256SUMS"))?;
    let listed: BTreeMap<_, _> =
        listed.lines().filter_map(|line| line.split_once("  ")).map(|(sum, name)| (name, sum)).collect();
    let found = of_folder(folder)?;
    let mut names = listed.keys().copied().chain(found.keys().map(String::as_str));
    let differs = |name: &&str| listed.get(name).copied() != found.get(*name).map(String::as_str);
    match names.find(differs) {
        Some(name) => {
            Err(Failed(format!("{name} is not what was signed, or was not there then, or is gone")))
        }
        None => Ok(()),
    }
}
