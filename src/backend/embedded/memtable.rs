//! What has changed since the last checkpoint. It lies over the tables: what it says goes before what
//! stands there.

use std::collections::HashMap;
use std::sync::Arc;

use super::change::Change;
use crate::key::Half;

/// What an entry takes beside its ids, about, in bytes.
const ENTRY: usize = 96;

/// Changes by integration.
#[derive(Default)]
pub(super) struct Memtable {
    integrations: HashMap<Box<[u8]>, Integration>,
    bytes: usize,
    /// What was deleted, as long as nobody has the time to take it apart.
    replaced: Vec<Integration>,
}

/// What has changed in one integration.
#[derive(Default)]
pub(super) struct Integration {
    /// Whether all that stands in the tables is gone.
    pub is_deleted: bool,
    halves: [Keys; 2],
}

/// What keys hold by their ids, nothing where they were removed.
type Keys = HashMap<Arc<[u8]>, Option<Arc<[u8]>>>;

/// What the memtable knows of a key.
pub(super) enum Known<'a> {
    /// It holds this id.
    Id(&'a Arc<[u8]>),
    /// There is no such key.
    Gone,
    /// It is as the tables say.
    Unchanged,
}

impl Integration {
    /// The keys of a half that were written, with what they hold now, or removed.
    pub(super) fn half(&self, half: Half) -> &Keys {
        &self.halves[half as usize]
    }

    /// Whether no key was written or removed.
    pub(super) fn is_empty(&self) -> bool {
        self.halves.iter().all(HashMap::is_empty)
    }

    fn set(&mut self, half: Half, id: &Arc<[u8]>, other: Option<&Arc<[u8]>>) -> usize {
        let before = self.halves[half as usize].insert(id.clone(), other.cloned());
        if before.is_some() {
            0
        } else {
            ENTRY + id.len()
        }
    }
}

impl Memtable {
    /// What is known of the key of `id`.
    pub(super) fn get(&self, stem: &[u8], half: Half, id: &[u8]) -> Known<'_> {
        let Some(integration) = self.integrations.get(stem) else {
            return Known::Unchanged;
        };
        match integration.half(half).get(id) {
            Some(Some(other)) => Known::Id(other),
            Some(None) => Known::Gone,
            None if integration.is_deleted => Known::Gone,
            None => Known::Unchanged,
        }
    }

    /// Takes a change in.
    pub(super) fn apply(&mut self, change: Change<'_>) {
        match change {
            Change::Save(stem, botmatic, external) => {
                let [botmatic, external] = [botmatic, external].map(Arc::from);
                self.bytes += {
                    let integration = self.integration(stem);
                    integration.set(Half::Botmatic, &botmatic, Some(&external))
                        + integration.set(Half::External, &external, Some(&botmatic))
                };
            }
            Change::Delete(stem, botmatic, external) => {
                self.bytes += {
                    let integration = self.integration(stem);
                    integration.set(Half::Botmatic, &botmatic.into(), None)
                        + integration.set(Half::External, &external.into(), None)
                };
            }
            Change::DeleteAll(stem) => {
                let deleted = Integration {
                    is_deleted: true,
                    ..Integration::default()
                };
                let before = std::mem::replace(self.integration(stem), deleted);
                self.replaced.push(before);
            }
        }
    }

    fn integration(&mut self, stem: &[u8]) -> &mut Integration {
        // Not by `entry`, which wants a copy of the stem each time.
        if !self.integrations.contains_key(stem) {
            self.bytes += ENTRY + stem.len();
            self.integrations
                .insert(stem.into(), Integration::default());
        }
        self.integrations
            .get_mut(stem)
            .expect("it was just put there")
    }

    /// Gives what is of no use any more, to be taken apart.
    pub(super) fn take_replaced(&mut self) -> Vec<Integration> {
        std::mem::take(&mut self.replaced)
    }

    /// Whether anything changed in an integration.
    pub(super) fn knows(&self, stem: &[u8]) -> bool {
        self.integrations.contains_key(stem)
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What has changed in each integration, by its stem.
    pub(super) fn integrations(&self) -> impl Iterator<Item = (&[u8], &Integration)> {
        let integrations = self.integrations.iter();
        integrations.map(|(stem, integration)| (&**stem, integration))
    }
}
