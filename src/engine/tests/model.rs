//! What calls come to that are made one after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::call::{Answer, Operation};
use crate::key::{self, Half};

/// A call of the model.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub operation: Operation,
    pub stem: &'static str,
    pub ids: [String; 2],
    pub deadline: Duration,
}

type Key = Vec<u8>;
type Value = Vec<u8>;

/// What a sequence of calls comes to, one after the other.
#[derive(Default)]
pub(super) struct Model {
    pub keys: BTreeMap<Key, Value>,
    /// By key, what it held after each call that may have changed it.
    held: BTreeMap<Key, Vec<(usize, Option<Value>)>>,
}

impl Model {
    fn set(&mut self, n: usize, key: Key, value: Option<Value>) -> bool {
        let held = self.held.entry(key.clone()).or_default();
        held.push((n, value.clone()));
        match value {
            Some(value) => self.keys.insert(key, value),
            None => self.keys.remove(&key),
        }
        .is_some()
    }

    /// The answer to call number `n`, and the key that it looks up.
    pub(super) fn call(&mut self, n: usize, made: &Made) -> (Answer, Option<Key>) {
        let [first, second] = made.ids.each_ref().map(|id| id.as_bytes());
        let key = |half, id| key::of(made.stem.as_bytes(), half, id);
        let look_up = |key: Key| {
            let held = self.keys.get(&key).cloned();
            let answer = held.map_or(Answer::Missing, |id| Answer::Id(id.into()));
            (answer, Some(key))
        };
        match made.operation {
            Operation::GetExtId => look_up(key(Half::Botmatic, first)),
            Operation::GetBotmaticId => look_up(key(Half::External, first)),
            Operation::SaveIds => {
                self.set(n, key(Half::Botmatic, first), Some(second.to_vec()));
                self.set(n, key(Half::External, second), Some(first.to_vec()));
                (Answer::Yes, None)
            }
            Operation::DeleteIds => {
                let one = self.set(n, key(Half::Botmatic, first), None);
                let other = self.set(n, key(Half::External, second), None);
                (Answer::from(one && other), None)
            }
            Operation::DeleteAllIds => {
                let is_own = |key: &&Key| key::parse(made.stem.as_bytes(), key).is_some();
                let own: Vec<Key> = self.keys.keys().filter(is_own).cloned().collect();
                for key in own {
                    self.set(n, key, None);
                }
                (Answer::Yes, None)
            }
            Operation::ListIds => unreachable!("not among the random calls"),
        }
    }

    /// Whether a lookup that was sent again, and so may see later calls, may have found this.
    pub(super) fn held_later(&self, n: usize, key: &Key, answer: &Answer) -> bool {
        let later = self.held.get(key).into_iter().flatten();
        later
            .filter(|(at, _)| *at > n)
            .any(|(_, held)| match (held, answer) {
                (Some(held), Answer::Id(id)) => held == id,
                (None, Answer::Missing) => true,
                _ => false,
            })
    }
}
