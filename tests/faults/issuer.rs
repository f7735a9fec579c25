//! The issuer of tokens, when its keys cannot be had: known keys go on serving, and without any nobody is
//! let in and nobody is called a forger.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use jsonwebtoken::Algorithm;
use market::issuer::{AUDIENCE, Issuer};
use market_identity::{IdentityError, IssuerKeys, Principal, Role, SubjectRule, Subjects, Terms, Verifier};
use market_kernel::Timestamp;
use tokio::time::Instant;

use crate::INTERNAL;
use crate::table::at;

const NAME: &str = "https://issuer.example";
const SUBJECT_KEY: &str = "dGhlIGtleSBieSB3aGljaCBzdWJqZWN0cyBiZWNvbWUgaWRz";
/// Attempts to fetch the keys.
const ATTEMPTS: usize = 3;
const HOUR: i64 = 3_600;

/// What the issuer's address answers.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Down,
    Garbage,
    Huge,
    Endless,
    Silent,
    SilentAfterTheHead,
}

const TROUBLES: [Mood; 6] =
    [Mood::Down, Mood::Garbage, Mood::Huge, Mood::Endless, Mood::Silent, Mood::SilentAfterTheHead];

struct World {
    issuer: Issuer,
    mood: Mutex<Mood>,
    calls: Mutex<usize>,
}

impl World {
    async fn start(mood: Mood) -> (Arc<Self>, Verifier) {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::open(&folder.path().join("key"), NAME).unwrap();
        let world = Arc::new(Self { issuer, mood: Mutex::new(mood), calls: Mutex::new(0) });
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let router = Router::new().fallback(keys).with_state(Arc::clone(&world));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (world, verifier(url))
    }

    fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
        *self.calls.lock().unwrap() = 0;
    }

    fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }

    async fn verify(&self, verifier: &Verifier, now: Timestamp) -> Result<Principal, IdentityError> {
        let token = self.issuer.token(Role::Operator, "ops", now);
        Ok(verifier.verify(&token, now).await?.principal)
    }
}

fn verifier(url: String) -> Verifier {
    let subjects = Subjects::given(SUBJECT_KEY, SubjectRule::Lawful).unwrap();
    Verifier::new(IssuerKeys::at(url), Terms::of(NAME, AUDIENCE, Algorithm::ES256), subjects)
}

async fn keys(State(world): State<Arc<World>>) -> Response {
    *world.calls.lock().unwrap() += 1;
    let mood = *world.mood.lock().unwrap();
    let keys = serde_json::to_vec(&world.issuer.key_set()).unwrap();
    match mood {
        Mood::Well => keys.into_response(),
        Mood::Down => (axum::http::StatusCode::INTERNAL_SERVER_ERROR, INTERNAL).into_response(),
        Mood::Garbage => "<html>".into_response(),
        // A key set, but for its size.
        Mood::Huge => [keys, vec![b' '; 256 * 1024]].concat().into_response(),
        Mood::Endless => {
            let piece = Bytes::from(vec![b' '; 64 * 1024]);
            let pieces = std::iter::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()));
            Body::from_stream(futures_util::stream::iter(pieces)).into_response()
        }
        Mood::Silent => std::future::pending().await,
        Mood::SilentAfterTheHead => {
            let begun = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(keys))]);
            Body::from_stream(begun.chain(futures_util::stream::pending())).into_response()
        }
    }
}

fn is_unavailable(outcome: &Result<Principal, IdentityError>) -> bool {
    matches!(outcome, Err(IdentityError::Unavailable(_)))
}

#[tokio::test(start_paused = true)]
async fn without_any_key_nothing_is_said_of_a_token_and_the_issuer_is_asked_a_bounded_number_of_times() {
    for mood in TROUBLES {
        let (world, verifier) = World::start(mood).await;
        let start = Instant::now();
        let outcome = world.verify(&verifier, at(0)).await;
        assert!(is_unavailable(&outcome), "{mood:?}: {outcome:?}");
        assert_eq!(world.calls(), ATTEMPTS, "{mood:?}");
        assert!(start.elapsed().as_secs() < 8, "{mood:?}: {:?}", start.elapsed());
        // Those who come next do not wait behind it.
        let start = Instant::now();
        assert!(is_unavailable(&world.verify(&verifier, at(4)).await));
        assert_eq!((world.calls(), start.elapsed().as_millis()), (ATTEMPTS, 0), "{mood:?}");
        world.set(Mood::Well);
        assert_eq!(world.verify(&verifier, at(5)).await.unwrap().subject, "ops", "{mood:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_of_the_last_day_go_on_serving_while_the_issuer_is_in_trouble() {
    for mood in TROUBLES {
        let (world, verifier) = World::start(Mood::Well).await;
        world.verify(&verifier, at(0)).await.unwrap();
        world.verify(&verifier, at(HOUR - 1)).await.unwrap();
        assert_eq!(world.calls(), 1, "within the hour nobody asks");
        world.set(mood);
        world.verify(&verifier, at(HOUR)).await.unwrap();
        assert_eq!(world.calls(), ATTEMPTS, "{mood:?}");
        world.verify(&verifier, at(HOUR + 4)).await.unwrap();
        assert_eq!(world.calls(), ATTEMPTS, "{mood:?}: at most every five seconds");
        world.verify(&verifier, at(24 * HOUR - 1)).await.unwrap();
        let outcome = world.verify(&verifier, at(24 * HOUR)).await;
        assert!(is_unavailable(&outcome), "{mood:?}: {outcome:?}");
        world.set(Mood::Well);
        world.verify(&verifier, at(24 * HOUR + 5)).await.unwrap();
    }
}

#[tokio::test]
async fn an_issuer_that_nobody_answers_for_is_unavailable() {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    drop(listener);
    let (world, _) = World::start(Mood::Well).await;
    let verifier = verifier(url);
    assert!(is_unavailable(&world.verify(&verifier, at(0)).await));
}

fn forged() -> String {
    let header = jsonwebtoken::Header { kid: Some("forged".to_owned()), ..Default::default() };
    let key = jsonwebtoken::EncodingKey::from_secret(b"secret");
    jsonwebtoken::encode(&header, &serde_json::json!({ "sub": "ops" }), &key).unwrap()
}

#[tokio::test]
async fn tokens_with_an_unknown_key_do_not_become_a_burden_to_the_issuer() {
    let (world, verifier) = World::start(Mood::Well).await;
    world.verify(&verifier, at(0)).await.unwrap();
    for second in 0..120 {
        let outcome = verifier.verify(&forged(), at(second)).await;
        assert!(matches!(outcome, Err(IdentityError::Invalid(_))), "{outcome:?}");
    }
    assert_eq!(world.calls(), 2, "once a minute, however many there are");
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_key_may_be_new_is_no_forgery_while_the_issuer_cannot_be_asked() {
    for mood in TROUBLES {
        let (world, verifier) = World::start(Mood::Well).await;
        world.verify(&verifier, at(0)).await.unwrap();
        world.set(mood);
        // Twice in the pause that it gives the issuer, and after it.
        for (second, calls) in [(600, ATTEMPTS), (602, ATTEMPTS), (605, 2 * ATTEMPTS)] {
            let outcome = verifier.verify(&forged(), at(second)).await;
            assert!(matches!(outcome, Err(IdentityError::Unavailable(_))), "{mood:?}, {second}: {outcome:?}");
            assert_eq!(world.calls(), calls, "{mood:?}, {second}");
        }
        world.set(Mood::Well);
        let outcome = verifier.verify(&forged(), at(610)).await;
        assert!(matches!(outcome, Err(IdentityError::Invalid(_))), "{mood:?}: {outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_with_a_known_key_does_not_wait_while_the_issuer_is_asked_for_an_unknown_one() {
    let (world, verifier) = World::start(Mood::Well).await;
    world.verify(&verifier, at(0)).await.unwrap();
    world.set(Mood::Silent);
    let start = Instant::now();
    let known = async {
        tokio::task::yield_now().await;
        (world.verify(&verifier, at(100)).await, start.elapsed().as_millis())
    };
    let token = forged();
    let (_, (outcome, waited_ms)) = tokio::join!(verifier.verify(&token, at(100)), known);
    assert_eq!((outcome.unwrap().subject.as_str(), waited_ms), ("ops", 0));
}
