//! E-mail and text messages on one machine: files in a folder, one for each notice.
//!
//! A file carries its notice's id, so sending a notice again writes the same file again.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_kernel::notices::{Channel, Hindrance, Notice, Sending};
use market_kernel::text::EmailAddress;
use market_notices::{Gateway, Sender, mime};

use crate::folder;

const FROM: &str = "Service market <notices@market.localhost>";

/// Writes notices into a folder.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
    sender: Sender,
}

impl Outbox {
    /// An outbox in a folder, which is made where it does not exist. Answers to its e-mails go to the official address.
    pub fn open(folder: PathBuf, official_address: EmailAddress) -> io::Result<Self> {
        folder::make(&folder)?;
        let sender = Sender::new(FROM, official_address).map_err(io::Error::other)?;
        Ok(Self { folder, sender })
    }

    async fn deliver(&self, notice: &Notice) -> Sending {
        let Some(address) = &notice.address else {
            return Sending::Refused { reason: "no address".to_owned() };
        };
        let (extension, bytes) = match notice.channel {
            Channel::Email => match mime(notice, &self.sender) {
                Some(message) => ("eml", message.formatted()),
                None => return Sending::Refused { reason: "cannot be written as a message".to_owned() },
            },
            _ => ("txt", format!("To: {address}\n\n{}\n{}\n", notice.subject, notice.body).into_bytes()),
        };
        let file = self.folder.join(format!("{}.{extension}", notice.id));
        let (folder, path) = (self.folder.clone(), file.clone());
        let written = tokio::task::spawn_blocking(move || {
            // Somebody may have tidied it away.
            folder::make(&folder)?;
            write_whole(&path, &bytes)
        });
        match written.await.unwrap_or_else(|error| Err(error.into())) {
            Ok(()) => Sending::Accepted { gateway_id: Some(format!("outbox/{}.{extension}", notice.id)) },
            Err(error) => {
                // A full disk or a folder that may not be written to.
                let reason = format!("{}: {}", file.display(), folder::in_words(&error));
                tracing::warn!(%reason, "the outbox does not take a notice");
                Sending::Failed { by: Hindrance::Failing, reason }
            }
        }
    }
}

/// A reader never sees half a message, and nobody but the folder's owner reads.
fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = file.with_extension("part");
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create(true).truncate(true).open(&draft)?.write_all(bytes)?;
    fs::rename(&draft, file)
}

impl Gateway for Outbox {
    fn send<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Sending> {
        self.deliver(notice).boxed()
    }
}
