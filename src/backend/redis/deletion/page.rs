//! The pages of a deletion's walk: what a step sends for those under way, and what its replies make of
//! them.

use std::mem;

use redis::{ServerError, Value};

use super::{Deletion, Walk};
use crate::backend::redis::commands::Commands;
use crate::key;
use crate::settings::Names;

/// What is under way of the pages so far.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What was confirmed on an earlier session, to be looked at again.
    pub(super) rechecks: Vec<(Vec<u8>, Vec<u8>)>,
    /// Keys of the last page, whose values are not known yet.
    found: Vec<Vec<u8>>,
    /// Keys that wait for the value of their other half.
    doubts: Vec<Doubt>,
    /// Keys to delete.
    pub(super) doomed: Vec<Vec<u8>>,
    /// How many of the confirmed ones are among them, the first ones.
    doomed_confirmed: usize,
}

impl Page {
    pub(super) fn is_busy(&self) -> bool {
        let Page {
            rechecks,
            found,
            doubts,
            doomed,
            ..
        } = self;
        !(rechecks.is_empty() && found.is_empty() && doubts.is_empty() && doomed.is_empty())
    }
}

/// A key and its other half, at least one of them ambiguous.
#[derive(Debug)]
struct Doubt {
    key: Vec<u8>,
    value: Vec<u8>,
    other: Vec<u8>,
    /// What `other` holds when the two are a pair.
    points_back: Vec<u8>,
    /// Whether `key` goes in any case.
    is_own: bool,
}

impl Deletion {
    pub(super) fn commands(&self, names: &Names) -> Commands {
        let mut commands = Commands::default();
        let Walk { cursor, page, .. } = &self.walk;
        if !page.doomed.is_empty() {
            let name = if self.uses_del {
                &names.del
            } else {
                &names.unlink
            };
            commands.add(name, &page.doomed);
        }
        let mut values_of = |keys: Vec<&[u8]>| {
            if !keys.is_empty() {
                commands.add(&names.mget, &keys);
            }
        };
        let rechecks = page.rechecks.iter().map(|(key, _)| key.as_slice());
        values_of(rechecks.collect());
        let doubts = page.doubts.iter().map(|doubt| doubt.other.as_slice());
        values_of(doubts.collect());
        values_of(page.found.iter().map(Vec::as_slice).collect());
        if *cursor != Some(0) {
            let (cursor, count) = (cursor.unwrap_or(0).to_string(), self.count.to_string());
            let words: [&[u8]; 5] = [
                cursor.as_bytes(),
                b"MATCH",
                &self.pattern,
                b"COUNT",
                count.as_bytes(),
            ];
            commands.add(&names.scan, &words);
        }
        commands
    }

    pub(super) fn step(
        &mut self,
        reply: &mut impl FnMut() -> Result<Value, Trouble>,
    ) -> Result<(), Trouble> {
        let before = mem::take(&mut self.walk.page);
        let mut next = Page::default();
        if !before.doomed.is_empty() {
            match reply() {
                Ok(_) => {
                    self.confirmed.drain(..before.doomed_confirmed);
                }
                // Redis before 4.0: the same keys again, the older way.
                Err(Trouble::Reply(error)) if !self.uses_del && is_unknown_command(&error) => {
                    self.uses_del = true;
                    next.doomed = before.doomed;
                }
                Err(trouble) => return Err(trouble),
            }
        }
        if !before.rechecks.is_empty() {
            let values = values(reply()?, before.rechecks.len())?;
            let rechecked = before.rechecks.into_iter().zip(values);
            let still = rechecked.filter(|((_, was), now)| now.as_ref() == Some(was));
            self.confirmed = still.map(|(half, _)| half).collect();
            let keys = self.confirmed.iter().map(|(key, _)| key.clone());
            next.doomed.extend(keys);
        }
        if !before.doubts.is_empty() {
            let values = values(reply()?, before.doubts.len())?;
            for (doubt, value) in before.doubts.into_iter().zip(values) {
                let is_pair = value.is_some_and(|value| value == doubt.points_back);
                if is_pair {
                    next.doomed.push(doubt.other.clone());
                    self.confirmed.push((doubt.other, doubt.points_back));
                    self.confirmed.push((doubt.key.clone(), doubt.value));
                }
                if is_pair || doubt.is_own {
                    next.doomed.push(doubt.key);
                }
            }
        }
        if !before.found.is_empty() {
            let values = values(reply()?, before.found.len())?;
            for (key, value) in before.found.into_iter().zip(values) {
                self.sort(key, value, &mut next);
            }
        }
        if self.walk.cursor != Some(0) {
            let (cursor, keys) = page(reply()?)?;
            self.walk.cursor = Some(cursor);
            next.found = keys;
        }
        next.doomed_confirmed = self.confirmed.len();
        self.walk.page = next;
        Ok(())
    }

    /// Decides what becomes of a key with this value, `None` when it is gone or holds no string.
    fn sort(&self, key: Vec<u8>, value: Option<Vec<u8>>, next: &mut Page) {
        let Some((half, id)) = key::parse(&self.stem, &key) else {
            return;
        };
        let is_own = !key::is_ambiguous(id);
        match value {
            Some(value) if !is_own || key::is_ambiguous(&value) => {
                next.doubts.push(Doubt {
                    other: key::of(&self.stem, half.other(), &value),
                    points_back: id.to_vec(),
                    key,
                    value,
                    is_own,
                });
            }
            _ if is_own => next.doomed.push(key),
            _ => {}
        }
    }
}

fn is_unknown_command(error: &ServerError) -> bool {
    error
        .details()
        .is_some_and(|detail| detail.starts_with("unknown command"))
}

pub(super) enum Trouble {
    Reply(ServerError),
    Nonsense,
}

/// The values of `count` keys: with fewer, the keys without one would be passed over in silence.
fn values(reply: Value, count: usize) -> Result<Vec<Option<Vec<u8>>>, Trouble> {
    let items = match reply {
        Value::Array(items) if items.len() == count => items,
        _ => return Err(Trouble::Nonsense),
    };
    Ok(items
        .into_iter()
        .map(|item| match item {
            Value::BulkString(value) => Some(value),
            _ => None,
        })
        .collect())
}

fn page(reply: Value) -> Result<(u64, Vec<Vec<u8>>), Trouble> {
    redis::from_redis_value(reply).map_err(|_| Trouble::Nonsense)
}
