//! A decision, as plain data, ready to be committed as one transaction.
//!
//! The only way to put an aggregate into a [`Change`] is together with the [`Event`] that explains it,
//! and the only way to send a notice is as part of an event. So no state changes without its evidence
//! record and its notices (invariant 1): the types leave no other way.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::aggregate::{Aggregate, Due, Loaded};
use crate::events::Happening;
use crate::evidence::{Evidence, NoticeEvidence};
use crate::hash::Sha256Hash;
use crate::keys::{Key, ListEntry};
use crate::notices::{Message, Notice, Reach};
use crate::occasion::Occasion;
use crate::stored::form::{self, AsRead, StoredForm};

/// What happened, why it may, and who is told.
#[derive(Debug)]
pub struct Event<'a> {
    name: &'static str,
    clause: &'static str,
    facts: Map<String, Value>,
    notices: Vec<(Reach<'a>, Box<dyn Message>)>,
    drafted: Vec<Notice>,
}

impl<'a> Event<'a> {
    /// Something of the register ([`crate::events`]) that happened.
    #[must_use]
    pub fn of<H: Happening>(happened: H) -> Self {
        Self {
            name: H::REGISTERED.name,
            clause: happened.clause(),
            facts: happened.facts(),
            notices: Vec::new(),
            drafted: Vec::new(),
        }
    }

    /// Tells a party, on every channel that reaches it.
    #[must_use]
    pub fn tell(mut self, reach: Reach<'a>, message: impl Message + 'static) -> Self {
        self.notices.push((reach, Box::new(message)));
        self
    }

    /// Sends a notice that is drafted already: another's text, on another channel.
    #[must_use]
    pub fn send(mut self, notice: Notice) -> Self {
        self.drafted.push(notice);
        self
    }
}

/// What a write must find in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing under this key.
    Absent,
    /// This version.
    Version(u64),
}

/// One aggregate to write.
#[derive(Debug)]
pub struct Write {
    /// Where.
    pub key: Key,
    /// The aggregate's kind.
    pub kind: &'static str,
    /// What must be there now.
    pub expected: Expected,
    /// The new state, as stored.
    pub body: String,
    /// The schema of the body.
    pub schema: u32,
    /// What is due next.
    pub due: Option<Due>,
    /// The list that another party reads it in.
    pub list_entry: Option<ListEntry>,
    /// The list that tells where it stands.
    pub desk_entry: Option<ListEntry>,
    /// The hash of the chain's newest record after the change.
    pub head: Sha256Hash,
    /// Whether what happened is told in the timeline of the account that has it.
    pub is_told: bool,
    /// The record to append, as stored; none for a notice, which its cause's record already names.
    pub record: Option<String>,
}

impl Write {
    /// The version after this write.
    #[must_use]
    pub fn version(&self) -> u64 {
        match self.expected {
            Expected::Absent => 1,
            Expected::Version(version) => version + 1,
        }
    }
}

/// Content that never changes.
#[derive(Debug)]
pub struct Content {
    /// Where.
    pub key: Key,
    /// The content, exactly.
    pub body: String,
    /// Its schema.
    pub schema: u32,
    /// Whether it may be there already.
    pub may_be_there: bool,
}

/// Everything that one decision writes.
#[derive(Debug)]
pub struct Change {
    /// When it was decided.
    pub at: Timestamp,
    /// The aggregates, each at most once.
    pub writes: Vec<Write>,
    /// Aggregates that the decision relied on without writing them: they must still be at this version.
    pub relies_on: Vec<(Key, u64)>,
    /// Immutable content to store beside the aggregates (a document's exact text).
    pub contents: Vec<Content>,
    /// The newest instant in the chains that it goes on with. A change that lies before it is decided again, later:
    /// two machines' clocks never agree, and along a chain time does not run backwards.
    pub not_before: Option<Timestamp>,
    occasion: Occasion,
}

impl Change {
    /// A change that is decided on this occasion; empty so far.
    #[must_use]
    pub fn on(occasion: &Occasion) -> Self {
        Self {
            at: occasion.at,
            writes: Vec::new(),
            relies_on: Vec::new(),
            contents: Vec::new(),
            not_before: None,
            occasion: occasion.clone(),
        }
    }

    /// Creates an aggregate.
    #[must_use]
    pub fn create<A: Aggregate>(self, state: &A, event: Event<'_>) -> Self {
        self.write(state, Expected::Absent, Sha256Hash::origin(), &AsRead::default(), event)
    }

    /// Replaces an aggregate's state.
    #[must_use]
    pub fn update<A: Aggregate>(mut self, loaded: &Loaded<A>, state: &A, event: Event<'_>) -> Self {
        self.not_before = self.not_before.max(loaded.changed_at);
        self.write(state, Expected::Version(loaded.version), loaded.head.clone(), &loaded.as_read, event)
    }

    /// Makes the commit depend on something that was only read.
    #[must_use]
    pub fn relying_on<A: Aggregate>(mut self, loaded: &Loaded<A>) -> Self {
        self.relies_on.push((loaded.state.key(), loaded.version));
        self
    }

    /// Stores content that never changes, where nothing is yet.
    #[must_use]
    pub fn store(mut self, key: Key, body: String, schema: u32) -> Self {
        self.contents.push(Content { key, body, schema, may_be_there: false });
        self
    }

    /// Stores content that never changes, and that may be there already, just so.
    #[must_use]
    pub fn store_again(mut self, key: Key, body: String, schema: u32) -> Self {
        self.contents.push(Content { key, body, schema, may_be_there: true });
        self
    }

    /// Another decision of the same occasion, in the same transaction.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.writes.extend(other.writes);
        self.relies_on.extend(other.relies_on);
        self.contents.extend(other.contents);
        self.not_before = self.not_before.max(other.not_before);
        self
    }

    fn write<A: Aggregate>(
        mut self,
        state: &A,
        expected: Expected,
        previous: Sha256Hash,
        before: &AsRead,
        event: Event<'_>,
    ) -> Self {
        let key = state.key();
        let chain = format!("{}:{key}", A::KIND);
        let mut write = Write {
            kind: A::KIND,
            expected,
            body: form::write(state, before, A::Form::IS_PERSONAL.then(|| self.occasion.salts.of(&chain))),
            schema: form::schema::<A>(),
            due: state.next_due(),
            list_entry: state.list_entry(),
            desk_entry: state.desk_entry(),
            head: previous.clone(),
            is_told: A::IS_TOLD,
            record: None,
            key,
        };
        let notices: Vec<(Notice, String)> = event
            .notices
            .iter()
            .flat_map(|(reach, message)| {
                Notice::draft(&self.occasion, &chain, write.version(), event.clause, reach, &**message)
            })
            .chain(event.drafted)
            .map(|notice| {
                let body = form::write(&notice, &AsRead::default(), None);
                (notice, body)
            })
            .collect();
        let record = Evidence {
            chain,
            number: write.version(),
            previous,
            event: event.name.to_owned(),
            clause: event.clause.to_owned(),
            at: self.occasion.at,
            actor: self.occasion.actor.clone(),
            request: self.occasion.request.clone(),
            state: Sha256Hash::of(write.body.as_bytes()),
            facts: event.facts,
            notices: notices.iter().map(|(notice, body)| named(notice, body)).collect(),
        }
        .stored();
        write.head = Sha256Hash::of(record.as_bytes());
        let cause = write.head.clone();
        write.record = Some(record);
        self.writes.push(write);
        self.writes.extend(notices.into_iter().map(|(notice, body)| Write {
            key: notice.key(),
            kind: Notice::KIND,
            expected: Expected::Absent,
            body,
            schema: form::schema::<Notice>(),
            due: notice.next_due(),
            list_entry: notice.list_entry(),
            desk_entry: notice.desk_entry(),
            head: cause.clone(),
            is_told: Notice::IS_TOLD,
            record: None,
        }));
        self
    }
}

/// What a record names a notice by, which is stored with this body.
fn named(notice: &Notice, body: &str) -> NoticeEvidence {
    NoticeEvidence {
        id: notice.id.clone(),
        recipient: notice.recipient.clone(),
        channel: notice.channel,
        content: notice.commitment(),
        drafted: Some(Sha256Hash::of(body.as_bytes())),
    }
}
