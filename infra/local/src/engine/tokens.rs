//! Transactions that were carried out of late, by their tokens: a client that asks again with the same token, because no
//! answer came, gets the answer and no second effect.
//!
//! The engine remembers tokens too, for ten minutes, and looks through all of them at every transaction. Here as many are
//! remembered as a client can still ask about.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A client tries for eight seconds (`market_outside`), and no machine carries out 10,000 transactions a second.
const REMEMBERED: usize = 80_000;

/// What is known of a token.
pub(super) enum Known {
    /// Nothing.
    New,
    /// The same transaction was carried out with it, and answered so.
    Done(String),
    /// Another transaction was.
    OfAnother,
}

/// The tokens.
#[derive(Default)]
pub(super) struct Tokens {
    done: HashMap<String, (u64, String)>,
    /// From the earliest on.
    order: VecDeque<String>,
}

impl Tokens {
    /// What is known of a token that comes with this request.
    pub(super) fn known(&self, token: &str, request: &[u8]) -> Known {
        match self.done.get(token) {
            None => Known::New,
            Some((of, answer)) if *of == hash(request) => Known::Done(answer.clone()),
            Some(_) => Known::OfAnother,
        }
    }

    /// Remembers that the request was carried out and answered so.
    pub(super) fn remember(&mut self, token: String, request: &[u8], answer: &str) {
        if self.order.len() == REMEMBERED
            && let Some(earliest) = self.order.pop_front()
        {
            self.done.remove(&earliest);
        }
        self.order.push_back(token.clone());
        self.done.insert(token, (hash(request), answer.to_owned()));
    }
}

fn hash(request: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_token_is_forgotten_for_the_newest_and_no_other() {
        let mut tokens = Tokens::default();
        for n in 0..=REMEMBERED {
            tokens.remember(format!("t-{n}"), b"request", "answer");
        }
        assert!(matches!(tokens.known("t-0", b"request"), Known::New));
        for n in [1, REMEMBERED / 2, REMEMBERED] {
            let known = tokens.known(&format!("t-{n}"), b"request");
            assert!(matches!(known, Known::Done(answer) if answer == "answer"), "{n}");
        }
        assert_eq!((tokens.done.len(), tokens.order.len()), (REMEMBERED, REMEMBERED));
    }
}
