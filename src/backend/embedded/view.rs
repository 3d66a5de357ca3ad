//! What can be looked up: the memtable over the tables.

use std::sync::Arc;

use bytes::Bytes;

use super::change::Change;
use super::memtable::{Known, Memtable};
use super::snapshot::Snapshot;
use super::trouble::Trouble;
use crate::key::Half;

/// The pairs as they are now.
pub(super) struct View {
    /// Shared with a checkpoint while that writes it into the tables.
    pub memtable: Arc<Memtable>,
    pub snapshot: Snapshot,
}

impl View {
    /// What the key of `id` holds.
    pub(super) fn get(&self, stem: &[u8], half: Half, id: &[u8]) -> Result<Option<Bytes>, Trouble> {
        match self.memtable.get(stem, half, id) {
            Known::Id(other) => Ok(Some(Bytes::copy_from_slice(other))),
            Known::Gone => Ok(None),
            Known::Unchanged => self.snapshot.get(stem, half, id),
        }
    }

    /// Takes a change in.
    pub(super) fn change(&mut self, change: Change<'_>) {
        self.memtable().apply(change);
    }

    /// The memtable, to be changed.
    pub(super) fn memtable(&mut self) -> &mut Memtable {
        Arc::get_mut(&mut self.memtable).expect("a checkpoint is over before anything is changed")
    }

    /// Whether there may be pairs of an integration.
    pub(super) fn knows(&self, stem: &[u8]) -> Result<bool, Trouble> {
        Ok(self.memtable.knows(stem) || self.snapshot.number(stem)?.is_some())
    }
}
