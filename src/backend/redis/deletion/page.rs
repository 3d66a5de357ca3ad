//! The pages of a deletion's walk: what a step sends for those under way, and what its replies make of
//! them.

use std::mem;

use redis::{ServerError, Value};

use super::{Deletion, Walk};
use crate::backend::redis::commands::Commands;
use crate::backend::redis::dialect::{Dialect, Feature, is_lacking};
use crate::backend::redis::run::Run;
use crate::key;
use crate::settings::Names;

/// What is under way of the pages so far.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What was confirmed on an earlier session, to be looked at again.
    pub(super) rechecks: Vec<(Vec<u8>, Vec<u8>)>,
    /// Keys of the last page, whose values are not known yet.
    pub(super) found: Vec<Vec<u8>>,
    /// Keys that wait for the value of their other half.
    pub(super) doubts: Vec<Doubt>,
    /// Keys to delete.
    pub(super) doomed: Vec<Vec<u8>>,
    /// How many of the confirmed ones are among them, the first ones.
    doomed_confirmed: usize,
    /// Keys that were found all at once, of which the next pages are made.
    pub(super) unread: Vec<Vec<u8>>,
}

impl Page {
    pub(super) fn is_busy(&self) -> bool {
        let Page {
            rechecks,
            found,
            doubts,
            doomed,
            unread,
            ..
        } = self;
        let are_empty = [found, doomed, unread].map(Vec::is_empty) == [true; 3];
        !(rechecks.is_empty() && doubts.is_empty() && are_empty)
    }
}

/// A key and its other half, at least one of them ambiguous.
#[derive(Debug)]
pub(super) struct Doubt {
    pub(super) key: Vec<u8>,
    value: Vec<u8>,
    other: Vec<u8>,
    /// What `other` holds when the two are a pair.
    points_back: Vec<u8>,
    /// Whether `key` goes in any case.
    is_own: bool,
}

impl Deletion {
    pub(super) fn commands(&mut self, names: &Names) -> Commands {
        let mut commands = Commands::default();
        self.asked.clear();
        let asked = &mut self.asked;
        if self.walk.is_interrupted {
            Run::ask(names, &mut commands);
            asked.extend([Feature::Info; Run::QUESTIONS]);
            return commands;
        }
        let Walk { cursor, page, .. } = &self.walk;
        if !page.doomed.is_empty() {
            let (name, feature) = match self.lacks.has(Feature::Unlink) {
                true => (&names.del, Feature::Pairs),
                false => (&names.unlink, Feature::Unlink),
            };
            commands.add(name, &page.doomed);
            asked.push(feature);
        }
        let mut values_of = |keys: Vec<&[u8]>| {
            if !keys.is_empty() {
                commands.add(&names.mget, &keys);
                asked.push(Feature::Pairs);
            }
        };
        let rechecks = page.rechecks.iter().map(|(key, _)| key.as_slice());
        values_of(rechecks.collect());
        let doubts = page.doubts.iter().map(|doubt| doubt.other.as_slice());
        values_of(doubts.collect());
        values_of(page.found.iter().map(Vec::as_slice).collect());
        if *cursor != Some(0) && self.lacks.has(Feature::Scan) {
            commands.add(&names.keys, &[&self.pattern]);
            asked.push(Feature::Keys);
        } else if *cursor != Some(0) {
            let (cursor, count) = (cursor.unwrap_or(0).to_string(), self.count.to_string());
            let words: [&[u8]; 5] = [
                cursor.as_bytes(),
                b"MATCH",
                &self.pattern,
                b"COUNT",
                count.as_bytes(),
            ];
            commands.add(&names.scan, &words);
            asked.push(Feature::Scan);
        }
        if self.asks_run() {
            Run::ask(names, &mut commands);
            self.asked.extend([Feature::Info; Run::QUESTIONS]);
        }
        commands
    }

    pub(super) fn step(
        &mut self,
        reply: &mut impl FnMut() -> Result<Value, Trouble>,
        dialect: &Dialect,
    ) -> Result<(), Trouble> {
        let asks_run = self.asks_run();
        let before = mem::take(&mut self.walk.page);
        let mut next = Page::default();
        if !before.doomed.is_empty() {
            match reply() {
                Ok(_) => {
                    self.confirmed.drain(..before.doomed_confirmed);
                }
                // Redis before 4.0, or a user of a program of that time: the same keys again, the older way.
                Err(Trouble::Reply(error))
                    if !self.lacks.has(Feature::Unlink) && is_lacking(&error) =>
                {
                    dialect.learn(Feature::Unlink);
                    next.doomed = before.doomed;
                }
                Err(trouble) => return Err(self.of_many(trouble)),
            }
        }
        if !before.rechecks.is_empty() {
            let values = values(self.many(reply())?, before.rechecks.len())?;
            let rechecked = before.rechecks.into_iter().zip(values);
            let still = rechecked.filter(|((_, was), now)| now.as_ref() == Some(was));
            self.confirmed = still.map(|(half, _)| half).collect();
            let keys = self.confirmed.iter().map(|(key, _)| key.clone());
            next.doomed.extend(keys);
        }
        if !before.doubts.is_empty() {
            let values = values(self.many(reply())?, before.doubts.len())?;
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
            let values = values(self.many(reply())?, before.found.len())?;
            for (key, value) in before.found.into_iter().zip(values) {
                self.sort(key, value, &mut next);
            }
        }
        next.unread = before.unread;
        if self.walk.cursor != Some(0) {
            match reply() {
                Err(Trouble::Reply(error)) if is_lacking(&error) => {
                    self.note_no_walk(error, dialect)?;
                }
                reply if self.lacks.has(Feature::Scan) => {
                    next.unread = redis::from_redis_value(reply?).map_err(|_| Trouble::Nonsense)?;
                    self.walk.cursor = Some(0);
                }
                reply => {
                    let (cursor, keys) = page(reply?)?;
                    self.walk.cursor = Some(cursor);
                    next.found = keys;
                }
            }
        }
        if asks_run {
            self.walk.run = Deletion::read_run(reply, dialect)?;
            self.walk.has_asked_run = true;
        }
        if next.found.is_empty() {
            let rest = next.unread.len().saturating_sub(self.count);
            next.found = next.unread.split_off(rest);
        }
        next.doomed_confirmed = self.confirmed.len();
        self.walk.page = next;
        Ok(())
    }

    /// Without `SCAN` there is `KEYS`, as the original has it; without both there is no way.
    fn note_no_walk(&self, error: ServerError, dialect: &Dialect) -> Result<(), Trouble> {
        if !self.lacks.has(Feature::Scan) {
            dialect.learn(Feature::Scan);
            return Ok(());
        }
        // A user without the right is told so each time.
        if error.code() != "NOPERM" {
            dialect.learn(Feature::Keys);
        }
        Err(Trouble::Reply(error))
    }

    fn many<T>(&self, came: Result<T, Trouble>) -> Result<T, Trouble> {
        came.map_err(|trouble| self.of_many(trouble))
    }

    /// What went wrong with a command over several keys: they may go one by one on the next session.
    fn of_many(&self, trouble: Trouble) -> Trouble {
        match trouble {
            Trouble::Reply(error) if is_lacking(&error) && !self.lacks.has(Feature::Pairs) => {
                Trouble::OneKey(error)
            }
            trouble => trouble,
        }
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

pub(super) enum Trouble {
    Reply(ServerError),
    OneKey(ServerError),
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
