//! The order of calls around a `deleteAllIds`: later calls of its integration wait until it is
//! done, the calls of other integrations do not.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::batch::Batch;
use super::call::Entry;
use crate::backend::Deletion;
use crate::options::Settings;
use crate::store::Op;

/// What is sent in one go.
#[derive(Debug)]
pub enum Item<T> {
    /// Calls of one command each.
    Calls(Batch<T>),
    /// The next step of a walk.
    Wipe(Walk<T>),
}

/// A `deleteAllIds` call and its walk.
#[derive(Debug)]
pub struct Walk<T> {
    /// The one call.
    pub call: Batch<T>,
    pub deletion: Box<Deletion>,
    /// Whether all calls made before it are answered.
    pub is_cleared: bool,
}

impl<T> Item<T> {
    /// The calls of this item.
    pub fn batch(&self) -> &Batch<T> {
        match self {
            Item::Calls(batch) => batch,
            Item::Wipe(walk) => &walk.call,
        }
    }

    /// The calls of this item.
    pub fn batch_mut(&mut self) -> &mut Batch<T> {
        match self {
            Item::Calls(batch) => batch,
            Item::Wipe(walk) => &mut walk.call,
        }
    }
}

impl<T> Walk<T> {
    /// Key prefix and integration id.
    pub fn stem(&self) -> &[u8] {
        self.call.args(&self.call.entries[0]).stem
    }
}

/// The calls held back, by the stem of the walk they wait for.
#[derive(Debug)]
pub struct Held<T> {
    by_stem: HashMap<Vec<u8>, Vec<Batch<T>>>,
}

impl<T> Held<T> {
    pub fn new() -> Held<T> {
        Held {
            by_stem: HashMap::new(),
        }
    }

    /// Whether no walk is under way.
    pub fn is_empty(&self) -> bool {
        self.by_stem.is_empty()
    }

    /// All batches that are held back.
    pub fn batches_mut(&mut self) -> impl Iterator<Item = &mut Batch<T>> {
        self.by_stem.values_mut().flatten()
    }

    /// Puts the calls of `batch` at the end of `out`, walks apart, and holds back those that a
    /// walk is in the way of.
    pub fn sort(&mut self, batch: Batch<T>, out: &mut VecDeque<Item<T>>) {
        let has_walk = |batch: &Batch<T>| {
            let mut entries = batch.entries.iter();
            entries.any(|entry| entry.op == Op::DeleteAllIds)
        };
        if self.is_empty() && !has_walk(&batch) {
            join(batch, out);
            return;
        }
        let settings = batch.settings.clone();
        let (entries, text) = batch.into_parts();
        let mut free = Batch::new(settings.clone());
        for entry in entries {
            let stem = entry.args(&text).stem;
            if let Some(held) = self.by_stem.get_mut(stem) {
                hold(held, entry, &text, &settings);
            } else if entry.op == Op::DeleteAllIds {
                self.by_stem.insert(stem.to_vec(), Vec::new());
                join(
                    std::mem::replace(&mut free, Batch::new(settings.clone())),
                    out,
                );
                let deletion = Box::new(Deletion::new(stem));
                let mut call = Batch::new(settings.clone());
                call.adopt(entry, &text);
                out.push_back(Item::Wipe(Walk {
                    call,
                    deletion,
                    is_cleared: false,
                }));
            } else {
                free.adopt(entry, &text);
            }
        }
        join(free, out);
    }

    /// The walk over `stem` ended: puts the calls it was in the way of at the front of `out`.
    pub fn release(&mut self, stem: &[u8], out: &mut VecDeque<Item<T>>) {
        let mut released = VecDeque::new();
        for batch in self.by_stem.remove(stem).into_iter().flatten() {
            self.sort(batch, &mut released);
        }
        released.append(out);
        *out = released;
    }
}

fn hold<T>(held: &mut Vec<Batch<T>>, entry: Entry<T>, text: &[u8], settings: &Arc<Settings>) {
    if !held.last().is_some_and(|batch| batch.accepts(settings)) {
        held.push(Batch::new(settings.clone()));
    }
    if let Some(batch) = held.last_mut() {
        batch.adopt(entry, text);
    }
}

/// Adds a batch, to the last one where it fits: while there is no connection many small ones come.
fn join<T>(batch: Batch<T>, out: &mut VecDeque<Item<T>>) {
    if batch.entries.is_empty() {
        return;
    }
    if let Some(Item::Calls(last)) = out.back_mut()
        && last.fits(&batch)
    {
        let (entries, text) = batch.into_parts();
        for entry in entries {
            last.adopt(entry, &text);
        }
    } else {
        out.push_back(Item::Calls(batch));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::call::{Call, Lengths};
    use crate::engine::testing::settings;
    use std::time::Instant;

    fn batch(calls: &[(Op, &str)]) -> Batch<usize> {
        let mut batch = Batch::new(settings(1));
        for (ticket, (op, integration)) in calls.iter().enumerate() {
            let call = Call {
                op: *op,
                deadline: Instant::now(),
                ticket,
            };
            let written = batch.push(call, |text| {
                text.extend_from_slice(integration.as_bytes());
                Ok::<_, ()>(Lengths {
                    integration: integration.len() as u32,
                    ..Lengths::default()
                })
            });
            assert!(written.is_ok());
        }
        batch
    }

    fn tickets(out: &VecDeque<Item<usize>>) -> Vec<String> {
        let of = |batch: &Batch<usize>| -> Vec<usize> {
            batch
                .entries
                .iter()
                .filter_map(|entry| entry.ticket)
                .collect()
        };
        out.iter()
            .map(|item| match item {
                Item::Calls(batch) => format!("calls {:?}", of(batch)),
                Item::Wipe(walk) => format!("walk {:?}", of(&walk.call)),
            })
            .collect()
    }

    #[test]
    fn calls_after_a_walk_of_their_integration_wait_for_it() {
        let (mut held, mut out) = (Held::new(), VecDeque::new());
        let calls = [
            (Op::SaveIds, "a"),
            (Op::DeleteAllIds, "a"),
            (Op::SaveIds, "a"),
            (Op::SaveIds, "b"),
            (Op::DeleteAllIds, "a"),
            (Op::GetExtId, "a"),
        ];
        held.sort(batch(&calls), &mut out);
        assert_eq!(tickets(&out), ["calls [0]", "walk [1]", "calls [3]"]);

        out.clear();
        held.release(b"a", &mut out);
        assert_eq!(tickets(&out), ["calls [2]", "walk [4]"]);

        out.clear();
        held.release(b"a", &mut out);
        assert_eq!(tickets(&out), ["calls [5]"]);
        assert!(held.is_empty());
    }

    #[test]
    fn released_calls_go_before_what_waits() {
        let (mut held, mut out) = (Held::new(), VecDeque::new());
        let first = [
            (Op::DeleteAllIds, "a"),
            (Op::SaveIds, "a"),
            (Op::SaveIds, "b"),
        ];
        held.sort(batch(&first), &mut out);
        out.pop_front();
        held.release(b"a", &mut out);
        assert_eq!(tickets(&out), ["calls [1]", "calls [2]"]);
    }
}
