//! `worker/notify` by a mail server that speaks TLS: the shipped binary's own handshake, under STARTTLS.

use std::sync::{Arc, Mutex};

use market_kernel::notices::{Hindrance, NoticeStatus};
use rcgen::CertifiedKey;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::function::Function;
use crate::surroundings::{Surroundings, email, long_ago, messages, wake_up};

/// A mail server: its port, its certificate, and what it was told, by whether that was under TLS.
struct MailServer {
    port: u16,
    certificate: String,
    told: Arc<Mutex<Vec<(bool, String)>>>,
}

/// Talks until it is asked for TLS, or to the end.
async fn talk<S>(stream: &mut S, is_secret: bool, told: &Mutex<Vec<(bool, String)>>) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = BufReader::new(stream);
    let (mut line, mut in_data) = (String::new(), false);
    while stream.read_line(&mut line).await? > 0 {
        let said = line.trim_end().to_owned();
        line.clear();
        told.lock().unwrap().push((is_secret, said.clone()));
        let answer = match said.split(' ').next().unwrap_or_default() {
            "." => "250 taken",
            _ if in_data => continue,
            "EHLO" if is_secret => "250-mail\r\n250-8BITMIME\r\n250 AUTH PLAIN",
            "EHLO" => "250-mail\r\n250 STARTTLS",
            "STARTTLS" | "QUIT" => "220 go on",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            _ => "250 done",
        };
        in_data = said == "DATA";
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        if said == "STARTTLS" {
            break;
        }
    }
    Ok(())
}

impl MailServer {
    async fn start() -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key.into())
            })
            .expect("its key and certificate fit");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("localhost", 0)).await.expect("loopback has ports");
        let port = listener.local_addr().expect("a listener has an address").port();
        let told = Arc::<Mutex<Vec<_>>>::default();
        let kept = Arc::clone(&told);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that trusts nobody breaks off, which is its test's to see.
                drop(Self::serve(stream, &acceptor, &kept).await);
            }
        });
        Self { port, certificate: cert.pem(), told }
    }

    async fn serve(
        mut stream: TcpStream,
        acceptor: &TlsAcceptor,
        told: &Mutex<Vec<(bool, String)>>,
    ) -> std::io::Result<()> {
        stream.write_all(b"220 mail\r\n").await?;
        talk(&mut stream, false, told).await?;
        let mut stream = acceptor.accept(stream).await?;
        talk(&mut stream, true, told).await
    }
}

/// Has a notice sent by the server, trusting this certificate; how the notice then stands.
async fn send(mail: &MailServer, certificate: &str) -> NoticeStatus {
    let around = Surroundings::start().await;
    let key = around.notice_due("northwind", long_ago()).await;
    let roots = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(roots.path(), certificate).expect("the file takes it");
    let settings = around
        .settings()
        .with("SSL_CERT_FILE", roots.path().to_str().expect("a path of text"))
        .with("MARKET_OFFICIAL_ADDRESS", "legal@market.example")
        .by_smtp("localhost", mail.port);
    let mut worker = Function::start("worker/notify", settings).await;
    worker.invoke(messages(&[("m", wake_up(&key), 1)])).await.expect("a batch response");
    around.notice(&key).await.status
}

#[tokio::test]
async fn a_mail_server_learns_account_and_message_under_tls_alone() {
    let mail = MailServer::start().await;
    let status = send(&mail, &mail.certificate).await;
    assert!(matches!(status, NoticeStatus::Sent { .. }), "{status:?}");
    let told = mail.told.lock().unwrap();
    let recipient = format!("RCPT TO:<{}>", email("northwind"));
    for wanted in [recipient.as_str(), "DATA", "Reply-To: legal@market.example", "."] {
        assert!(told.contains(&(true, wanted.to_owned())), "{wanted}: {told:#?}");
    }
    assert!(told.iter().any(|(is_secret, line)| *is_secret && line.starts_with("AUTH PLAIN ")), "{told:#?}");
    let open: Vec<_> = told.iter().filter(|(is_secret, _)| !is_secret).map(|(_, line)| line).collect();
    assert!(open.iter().all(|line| line.starts_with("EHLO") || *line == "STARTTLS"), "{open:?}");
}

#[tokio::test]
async fn a_mail_server_that_nobody_vouches_for_learns_nothing_and_the_notice_waits() {
    let (mail, other) = (MailServer::start().await, MailServer::start().await);
    let status = send(&mail, &other.certificate).await;
    let NoticeStatus::Queued { attempts, trouble, .. } = status else { panic!("{status:?}") };
    assert_eq!(attempts, 0, "it is ours to mend, and costs no attempt");
    assert_eq!(trouble.map(|trouble| (trouble.tries, trouble.by)), Some((1, Hindrance::Misconfigured)));
    let told = mail.told.lock().unwrap();
    assert!(told.iter().all(|(_, line)| line.starts_with("EHLO") || line == "STARTTLS"), "{told:?}");
}
