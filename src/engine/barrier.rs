//! The order of calls around a `deleteAllIds`: later calls of its integration wait until it is
//! done, the calls of other integrations do not.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::batch::Batch;
use super::entry::Entry;
use crate::backend::Deletion;
use crate::call::Operation;
use crate::settings::Settings;

/// What is sent in one go.
#[derive(Debug)]
pub(super) enum Item<T, D> {
    /// Calls on pairs.
    Calls(Batch<T>),
    /// The next step of a deletion.
    Deletion(DeletionCall<T, D>),
}

/// A `deleteAllIds` call, and how far it has come.
#[derive(Debug)]
pub(super) struct DeletionCall<T, D> {
    /// The one call.
    pub call: Batch<T>,
    pub deletion: Box<D>,
    /// Whether all calls made before it are answered.
    pub is_cleared: bool,
}

impl<T, D> Item<T, D> {
    /// The calls of this item.
    pub(super) fn batch(&self) -> &Batch<T> {
        match self {
            Item::Calls(batch) => batch,
            Item::Deletion(deletion) => &deletion.call,
        }
    }

    /// The calls of this item.
    pub(super) fn batch_mut(&mut self) -> &mut Batch<T> {
        match self {
            Item::Calls(batch) => batch,
            Item::Deletion(deletion) => &mut deletion.call,
        }
    }
}

impl<T, D> DeletionCall<T, D> {
    /// Key prefix and integration id.
    pub(super) fn stem(&self) -> &[u8] {
        self.call.args(&self.call.entries[0]).stem
    }
}

/// The calls that wait for a deletion of their integration, by its stem.
#[derive(Debug)]
pub(super) struct Barrier<T> {
    waiters: HashMap<Vec<u8>, Vec<Batch<T>>>,
}

impl<T> Barrier<T> {
    pub(super) fn new() -> Barrier<T> {
        Barrier {
            waiters: HashMap::new(),
        }
    }

    /// Whether no deletion is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// All batches that wait.
    pub(super) fn batches_mut(&mut self) -> impl Iterator<Item = &mut Batch<T>> {
        self.waiters.values_mut().flatten()
    }

    /// Puts the calls of `batch` at the end of `out`, deletions apart, and lets those wait that a
    /// deletion is in the way of.
    pub(super) fn sort<D: Deletion>(&mut self, batch: Batch<T>, out: &mut VecDeque<Item<T, D>>) {
        let has_deletion = |batch: &Batch<T>| {
            let mut entries = batch.entries.iter();
            entries.any(|entry| entry.operation == Operation::DeleteAllIds)
        };
        if self.is_empty() && !has_deletion(&batch) {
            join(batch, out);
            return;
        }
        let settings = batch.settings.clone();
        let (entries, text) = batch.into_parts();
        let mut free = Batch::new(settings.clone());
        for entry in entries {
            let stem = entry.args(&text).stem;
            if let Some(waiters) = self.waiters.get_mut(stem) {
                hold(waiters, entry, &text, &settings);
            } else if entry.operation == Operation::DeleteAllIds {
                self.waiters.insert(stem.to_vec(), Vec::new());
                join(
                    std::mem::replace(&mut free, Batch::new(settings.clone())),
                    out,
                );
                let deletion = Box::new(D::new(stem));
                let mut call = Batch::new(settings.clone());
                call.adopt(entry, &text);
                out.push_back(Item::Deletion(DeletionCall {
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

    /// The deletion of `stem` ended: puts the calls that waited for it at the front of `out`.
    pub(super) fn release<D: Deletion>(&mut self, stem: &[u8], out: &mut VecDeque<Item<T, D>>) {
        let mut released = VecDeque::new();
        for batch in self.waiters.remove(stem).into_iter().flatten() {
            self.sort(batch, &mut released);
        }
        released.append(out);
        *out = released;
    }
}

fn hold<T>(waiters: &mut Vec<Batch<T>>, entry: Entry<T>, text: &[u8], settings: &Arc<Settings>) {
    if !waiters.last().is_some_and(|batch| batch.accepts(settings)) {
        waiters.push(Batch::new(settings.clone()));
    }
    if let Some(batch) = waiters.last_mut() {
        batch.adopt(entry, text);
    }
}

/// Adds a batch, to the last one where it fits: while there is no connection many small ones come.
fn join<T, D>(batch: Batch<T>, out: &mut VecDeque<Item<T, D>>) {
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
    use crate::engine::entry::{Call, Lengths};
    use crate::engine::testing::settings;
    use tokio::time::Instant;

    type Out = VecDeque<Item<usize, ()>>;

    fn batch(calls: &[(Operation, &str)]) -> Batch<usize> {
        let mut batch = Batch::new(settings());
        for (ticket, (operation, integration)) in calls.iter().enumerate() {
            let call = Call {
                operation: *operation,
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

    fn tickets(out: &Out) -> Vec<String> {
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
                Item::Deletion(deletion) => format!("deletion {:?}", of(&deletion.call)),
            })
            .collect()
    }

    #[test]
    fn calls_after_a_deletion_of_their_integration_wait_for_it() {
        let (mut barrier, mut out) = (Barrier::new(), Out::new());
        let calls = [
            (Operation::SaveIds, "a"),
            (Operation::DeleteAllIds, "a"),
            (Operation::SaveIds, "a"),
            (Operation::SaveIds, "b"),
            (Operation::DeleteAllIds, "a"),
            (Operation::GetExtId, "a"),
        ];
        barrier.sort(batch(&calls), &mut out);
        assert_eq!(tickets(&out), ["calls [0]", "deletion [1]", "calls [3]"]);

        out.clear();
        barrier.release(b"a", &mut out);
        assert_eq!(tickets(&out), ["calls [2]", "deletion [4]"]);

        out.clear();
        barrier.release(b"a", &mut out);
        assert_eq!(tickets(&out), ["calls [5]"]);
        assert!(barrier.is_empty());
    }

    #[test]
    fn released_calls_go_before_what_waits() {
        let (mut barrier, mut out) = (Barrier::new(), Out::new());
        let first = [
            (Operation::DeleteAllIds, "a"),
            (Operation::SaveIds, "a"),
            (Operation::SaveIds, "b"),
        ];
        barrier.sort(batch(&first), &mut out);
        out.pop_front();
        barrier.release(b"a", &mut out);
        assert_eq!(tickets(&out), ["calls [1]", "calls [2]"]);
    }
}
