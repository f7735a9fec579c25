//! Which clause of the later text is which of the earlier one.
//!
//! What says the same is the same clause, whatever its number; what is left is paired by how much it has in common, the
//! most alike first. A clause with the number of before needs less in common with it than one without. What stands before
//! the first clause is no clause, and is paired with its like only.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap, HashSet};

use super::Body;

/// How many clauses may share a piece of text that is looked at in finding what is alike: words that stand everywhere
/// tell no clause from another.
const SHARED_BY: usize = 32;
/// How many clauses are compared as a whole with one.
const COMPARED: usize = 8;
/// What two clauses have in common, at least, to be the same: in thousandths of what both say.
const ALIKE: u32 = 500;
/// The same, where both have the same address.
const ALIKE_AT_ONE_ADDRESS: u32 = 200;
/// How many characters a piece of text has.
const PIECE: usize = 3;

/// The clause of the earlier text that one of the later text was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paired {
    /// Its place among the earlier clauses.
    pub before: usize,
    /// Whether it stands elsewhere now.
    pub is_moved: bool,
}

/// Which clauses are the same in both texts.
#[derive(Debug)]
pub(super) struct Pairs {
    of_after: Vec<Option<Paired>>,
    of_before: Vec<Option<usize>>,
}

impl Pairs {
    /// The earlier clause that this later one was.
    pub(super) fn before(&self, after: usize) -> Option<Paired> {
        self.of_after[after]
    }

    /// The later clause that this earlier one is.
    pub(super) fn after(&self, before: usize) -> Option<usize> {
        self.of_before[before]
    }

    fn join(&mut self, before: usize, after: usize) {
        if self.of_before[before].is_none() && self.of_after[after].is_none() {
            self.of_before[before] = Some(after);
            self.of_after[after] = Some(Paired { before, is_moved: false });
        }
    }
}

/// Pairs the clauses of two texts.
pub(super) fn pairs(before: &[Body], after: &[Body]) -> Pairs {
    let mut pairs = Pairs { of_after: vec![None; after.len()], of_before: vec![None; before.len()] };
    if [before, after].iter().all(|bodies| bodies.first().is_some_and(|body| body.address().is_none())) {
        pairs.join(0, 0);
    }
    join_the_same(&mut pairs, before, after);
    let mut alike = the_alike(&pairs, before, after);
    alike.sort_unstable();
    for Alike { before, after, .. } in alike {
        pairs.join(before, after);
    }
    find_moved(&mut pairs, before, after);
    pairs
}

/// Joins clauses that say the same: first those that kept their address, then those of which there is one each.
fn join_the_same(pairs: &mut Pairs, before: &[Body], after: &[Body]) {
    let at_address: HashMap<_, _> =
        before.iter().enumerate().map(|(at, body)| (body.address(), at)).collect();
    for at in left(&pairs.of_after, after).collect::<Vec<_>>() {
        if let Some(&was) = at_address.get(&after[at].address())
            && before[was].words == after[at].words
        {
            pairs.join(was, at);
        }
    }
    let mut by_words: HashMap<&[&str], (Vec<usize>, Vec<usize>)> = HashMap::new();
    for at in left(&pairs.of_before, before) {
        by_words.entry(&before[at].words).or_default().0.push(at);
    }
    for at in left(&pairs.of_after, after) {
        by_words.entry(&after[at].words).or_default().1.push(at);
    }
    for (was, is) in by_words.into_values() {
        if let ([was], [is]) = (&*was, &*is) {
            pairs.join(*was, *is);
        }
    }
}

/// Two clauses that may be the same, by what comes first: the most alike, those that kept their address, the nearest.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    alike: Reverse<u32>,
    has_another_address: bool,
    distance: usize,
    before: usize,
    after: usize,
}

/// Of the clauses that are left, those that are alike enough to be the same: at most [`COMPARED`] and the one with its
/// address for each.
fn the_alike(pairs: &Pairs, before: &[Body], after: &[Body]) -> Vec<Alike> {
    let pieces_of = |body: &Body| pieces(&body.words);
    let pieces_before: Vec<_> =
        left(&pairs.of_before, before).map(|at| (at, pieces_of(&before[at]))).collect();
    let mut with_piece: HashMap<[char; PIECE], Vec<usize>> = HashMap::new();
    let mut at_address = HashMap::new();
    for (place, (at, pieces)) in pieces_before.iter().enumerate() {
        at_address.insert(before[*at].address(), place);
        for &piece in pieces {
            let places = with_piece.entry(piece).or_default();
            // One more than are looked at says that there are too many.
            if places.len() <= SHARED_BY {
                places.push(place);
            }
        }
    }
    let mut found = Vec::new();
    let mut shared = vec![0_u32; pieces_before.len()];
    for at in left(&pairs.of_after, after) {
        let pieces = pieces_of(&after[at]);
        let rare = pieces.iter().filter_map(|piece| with_piece.get(piece));
        let mut met = Vec::new();
        for &place in rare.filter(|places| places.len() <= SHARED_BY).flatten() {
            if shared[place] == 0 {
                met.push(place);
            }
            shared[place] += 1;
        }
        met.sort_by_key(|&place| (Reverse(shared[place]), place));
        for &place in &met {
            shared[place] = 0;
        }
        met.truncate(COMPARED);
        let same_address = at_address.get(&after[at].address()).copied();
        met.extend(same_address.filter(|place| !met.contains(place)));
        for place in met {
            let (was, pieces_before) = &pieces_before[place];
            let alike = alike(pieces_before, &pieces);
            let has_another_address = same_address != Some(place);
            if alike >= if has_another_address { ALIKE } else { ALIKE_AT_ONE_ADDRESS } {
                let (alike, distance) = (Reverse(alike), was.abs_diff(at));
                found.push(Alike { alike, has_another_address, distance, before: *was, after: at });
            }
        }
    }
    found
}

/// The clauses that are not joined yet.
fn left<'a, T>(joined: &'a [Option<T>], bodies: &'a [Body]) -> impl Iterator<Item = usize> + 'a {
    let is_left = |(joined, body): (&Option<T>, &Body)| joined.is_none() && body.address().is_some();
    joined.iter().zip(bodies).enumerate().filter_map(move |(at, both)| is_left(both).then_some(at))
}

/// The pieces of a text, in order, each once. A text that is shorter than a piece is one by itself.
fn pieces(words: &[&str]) -> Vec<[char; PIECE]> {
    let characters: Vec<char> = words.iter().flat_map(|word| word.chars()).collect();
    let mut pieces: Vec<[char; PIECE]> = match characters.len() {
        0 => Vec::new(),
        short @ 1..PIECE => {
            let mut piece = ['\0'; PIECE];
            piece[..short].copy_from_slice(&characters);
            vec![piece]
        }
        _ => characters.array_windows().copied().collect(),
    };
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

/// How much of what two clauses say they have in common, in thousandths (the coefficient of Sørensen and Dice).
fn alike(one: &[[char; PIECE]], other: &[[char; PIECE]]) -> u32 {
    let all = one.len() + other.len();
    let (mut a, mut b, mut common) = (0, 0, 0_usize);
    while let (Some(x), Some(y)) = (one.get(a), other.get(b)) {
        match x.cmp(y) {
            Ordering::Less => a += 1,
            Ordering::Greater => b += 1,
            Ordering::Equal => {
                (a, b) = (a + 1, b + 1);
                common += 1;
            }
        }
    }
    (2000 * common).checked_div(all).map_or(0, |alike| alike as u32)
}

/// Marks what stands elsewhere: within another clause, or among those in the same one in another order. What is within
/// a clause that moved has not moved itself.
fn find_moved(pairs: &mut Pairs, before: &[Body], after: &[Body]) {
    let (around_before, around_after) = (around(before), around(after));
    let was_there: Vec<bool> = pairs.of_after.iter().map(Option::is_some).collect();
    let mut within: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (at, paired) in pairs.of_after.iter_mut().enumerate() {
        let Some(Paired { before: was, is_moved }) = paired else { continue };
        let outer_then = around_before[*was].map(|outer| pairs.of_before[outer]);
        let outer_now = around_after[at];
        // A clause that was put in around others takes the place of one that was taken out.
        *is_moved = outer_then != outer_now.map(|outer| was_there[outer].then_some(outer));
        if !*is_moved {
            within.entry(outer_now).or_default().push(*was);
        }
    }
    let in_order: HashSet<usize> = within.values().flat_map(|numbers| longest_rising(numbers)).collect();
    for paired in pairs.of_after.iter_mut().flatten() {
        paired.is_moved |= !in_order.contains(&paired.before);
    }
}

/// For each clause the one that it is within.
fn around(bodies: &[Body]) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut around = Vec::with_capacity(bodies.len());
    for (at, body) in bodies.iter().enumerate() {
        while open.last().is_some_and(|&outer| bodies[outer].stands.clause.depth >= body.stands.clause.depth)
        {
            open.pop();
        }
        // What stands before the first clause is around none.
        around.push(open.last().copied().filter(|&outer| bodies[outer].address().is_some()));
        open.push(at);
    }
    around
}

/// The most of these numbers that rise as they stand; the fewest others have moved.
fn longest_rising(numbers: &[usize]) -> Vec<usize> {
    // `ends[n]` is the place of the smallest number at which n + 1 rising ones end.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous = vec![None; numbers.len()];
    for (at, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|&end| numbers[end] < *number);
        previous[at] = length.checked_sub(1).map(|last| ends[last]);
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let last = ends.last().copied();
    std::iter::successors(last, |&at| previous[at]).map(|at| numbers[at]).collect()
}

#[cfg(test)]
pub(super) mod bounds {
    //! How much is compared as a whole, at most.

    use super::*;

    /// How many pairs are alike among the clauses that do not say the same, and how many may be looked at.
    pub(in super::super) fn alike_and_most(before: &[Body], after: &[Body]) -> (usize, usize) {
        let mut pairs = Pairs { of_after: vec![None; after.len()], of_before: vec![None; before.len()] };
        join_the_same(&mut pairs, before, after);
        (the_alike(&pairs, before, after).len(), (COMPARED + 1) * after.len())
    }
}
