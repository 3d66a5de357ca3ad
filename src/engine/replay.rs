//! Calls that have to be sent again, and those that have to follow them.
//!
//! When a connection is lost, or the server refuses a call for now, later calls may have been carried
//! out already. Those count, by their replies. But one over a key that a save or delete before it,
//! which is sent again, writes too, has come too early: it is sent again behind it.

use std::collections::{HashMap, HashSet};

use crate::backend::History;
use crate::call::{Args, Operation};
use crate::key::{self, Half};

/// The keys of the saves and deletes that are sent again.
#[derive(Default)]
pub(super) struct Replay(HashSet<Vec<u8>>);

impl Replay {
    /// Whether no save or delete is sent again.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a call. A lookup writes nothing: nothing has to follow it.
    pub(super) fn add(&mut self, operation: Operation, args: Args<'_>) {
        if !operation.is_lookup() {
            self.0.extend(keys(operation, args));
        }
    }

    /// Whether a call must be sent again to come after these.
    pub(super) fn touches(&self, operation: Operation, args: Args<'_>) -> bool {
        keys(operation, args).any(|key| self.0.contains(&key))
    }
}

/// The keys that a call reads or writes; those of a deletion or a listing are not known.
fn keys(operation: Operation, args: Args<'_>) -> impl Iterator<Item = Vec<u8>> {
    let Args {
        stem,
        first,
        second,
    } = args;
    let (botmatic, external) = match (operation, operation.half()) {
        (Operation::SaveIds | Operation::DeleteIds, _) => (Some(first), Some(second)),
        (_, Some(Half::Botmatic)) => (Some(first), None),
        (_, Some(Half::External)) => (None, Some(first)),
        (_, None) => (None, None),
    };
    let botmatic = botmatic.map(|id| key::of(stem, Half::Botmatic, id));
    let external = external.map(|id| key::of(stem, Half::External, id));
    botmatic.into_iter().chain(external)
}

/// Marks the pair deletes of which a later save brings one key back, and not the other, among calls
/// that are lost together: when they were carried out, in order, the delete finds only that key when
/// it is sent again.
pub(super) fn mark_overwritten<'a>(
    calls: impl DoubleEndedIterator<Item = (Operation, Args<'a>, &'a mut History)>,
) {
    // By each key that is saved later, the other keys of those saves.
    let mut saved: HashMap<Vec<u8>, HashSet<Vec<u8>>> = HashMap::new();
    for (operation, args, history) in calls.rev() {
        if !matches!(operation, Operation::SaveIds | Operation::DeleteIds) {
            continue;
        }
        let mut keys = keys(operation, args);
        let (Some(one), Some(other)) = (keys.next(), keys.next()) else {
            continue;
        };
        if operation == Operation::SaveIds {
            saved.entry(one.clone()).or_default().insert(other.clone());
            saved.entry(other).or_default().insert(one);
        } else {
            let is_saved_without = |key: &Vec<u8>, other: &Vec<u8>| {
                let mut others = saved.get(key).into_iter().flatten();
                others.any(|saved_with| saved_with != other)
            };
            history.is_overwritten |=
                is_saved_without(&one, &other) || is_saved_without(&other, &one);
        }
    }
}
