//! The plainest aggregate there can be: a note, perhaps with a time at which it is due, perhaps in a list.

use std::sync::Arc;

use market_entrustment::events;
use market_kernel::Timestamp;
use market_kernel::aggregate::{Aggregate, Due, Lane, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::keys::{Key, ListEntry, ListName, Partition, Place};
use market_kernel::notices::samples;
use market_kernel::occasion::Occasion;
use market_kernel::party::Actor;
use market_kernel::salt::Salts;
use market_kernel::stored::{Storable, StoredForm, Upcaster};
use serde::{Deserialize, Serialize};

use crate::tables::Table;

/// Who owns every thing here.
pub const OWNER: &str = "account#shop-1";
/// The list of the things that have a place.
pub const THINGS: ListName = ListName::of_market("things");
/// The job that looks at what is due.
pub const LANE: Lane = Lane::ExpireGrant;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    pub id: String,
    pub note: String,
    pub due_at: Option<Timestamp>,
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
    pub place: Option<String>,
}

/// A thing is stored as it is.
impl Storable for Thing {
    type Form = Self;
}

impl StoredForm for Thing {
    type State = Self;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(thing: Self) -> Self {
        thing
    }

    fn restore(self) -> Self {
        self
    }
}

impl Aggregate for Thing {
    type Id = String;
    const KIND: &'static str = "thing";
    const PLACE: Place = Place::Within("thing#");

    fn key_of(id: &String) -> Key {
        Key::stored(OWNER, format!("thing#{id}"))
    }

    fn key(&self) -> Key {
        Self::key_of(&self.id)
    }

    fn next_due(&self) -> Option<Due> {
        let due = Due::new(self.due_at?, LANE);
        Some(self.ends_at.map_or(due, |end| due.by(end)))
    }

    fn list_entry(&self) -> Option<ListEntry> {
        let place = self.place.clone()?;
        // `2/a` is the place `2/a` of a list of its own.
        let list = place.split_once('/').map_or(THINGS, |(list, _)| ListName::new("things#", list));
        Some(ListEntry { list, place })
    }

    fn desk_entry(&self) -> Option<ListEntry> {
        Some(ListEntry { list: desk(&self.note), place: self.place.clone()? })
    }
}

/// The list of the things whose note says this.
pub fn desk(note: &str) -> ListName {
    ListName::new("noted#", if note.is_empty() { "nothing" } else { note })
}

/// Of another kind under the key of a thing.
#[derive(Debug, Clone)]
pub struct Impostor(pub Thing);

impl Aggregate for Impostor {
    type Id = String;
    const KIND: &'static str = "impostor";
    const PLACE: Place = Place::Within("thing#");

    fn key_of(id: &String) -> Key {
        Thing::key_of(id)
    }

    fn key(&self) -> Key {
        self.0.key()
    }
}

/// An impostor looks like a thing.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredImpostor(Thing);

impl Storable for Impostor {
    type Form = StoredImpostor;
}

impl StoredForm for StoredImpostor {
    type State = Impostor;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(impostor: Impostor) -> Self {
        Self(impostor.0)
    }

    fn restore(self) -> Impostor {
        Impostor(self.0)
    }
}

/// So many seconds after the tests' beginning.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

/// The partition of every thing here.
pub fn things() -> Partition {
    Partition::stored(OWNER)
}

pub fn thing(id: &str) -> Thing {
    Thing { id: id.to_owned(), note: "first".to_owned(), due_at: None, ends_at: None, place: None }
}

impl Thing {
    pub fn due(self, due_at: Timestamp) -> Self {
        Self { due_at: Some(due_at), ..self }
    }

    /// What is due of it is a reminder, and this the end that it reminds of.
    pub fn ends(self, ends_at: Timestamp) -> Self {
        Self { ends_at: Some(ends_at), ..self }
    }

    pub fn placed(self, place: &str) -> Self {
        Self { place: Some(place.to_owned()), ..self }
    }

    pub fn noted(&self, note: &str) -> Self {
        Self { note: note.to_owned(), ..self.clone() }
    }
}

/// A change of this instant; empty so far.
pub fn change(at: Timestamp) -> Change {
    Change::on(&Occasion {
        at,
        actor: Actor::Operator("ops".to_owned()),
        request: "test".to_owned(),
        salts: Salts::drawn([7; 32]),
        operator: Arc::new(samples::operator()),
    })
}

pub fn event() -> Event<'static> {
    Event::of(events::DemandDrafted { ended_at: at(0) })
}

impl Table {
    /// Creates things, in as few changes as a transaction's limit allows.
    pub async fn create(&self, now: Timestamp, things: &[Thing]) {
        for things in things.chunks(50) {
            let created = things.iter().fold(change(now), |change, thing| change.create(thing, event()));
            self.store.commit(&created, None).await.unwrap();
        }
    }

    /// Replaces a thing's state by what `f` makes of it.
    pub async fn update(&self, now: Timestamp, id: &str, f: impl Fn(Thing) -> Thing) {
        let loaded = self.load(id).await;
        let updated = change(now).update(&loaded, &f(loaded.state.clone()), event());
        self.store.commit(&updated, None).await.unwrap();
    }

    /// A thing that is there.
    pub async fn load(&self, id: &str) -> Loaded<Thing> {
        self.store.get::<Thing>(&id.to_owned()).await.unwrap().unwrap()
    }
}
