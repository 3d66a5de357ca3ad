//! The walk of `deleteAllIds`: the keyspace page by page, so that no step holds the server up.
//!
//! Each step is one pipeline that deletes what the last step found, reads the values of the page
//! before it and scans the next page, so deleting costs no round trip of its own. Values are read
//! to settle the keys that could belong to a longer integration id (see [`key::is_ambiguous`]):
//! such a key goes only when its other half points back to it, and then both go in one command,
//! since afterwards neither could be told.

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{ServerError, Value};

use super::{Op, is_unknown_command, unexpected};
use crate::error::Error;
use crate::key;
use crate::options::Names;
use crate::resp::{Commands, Reply};

/// How many keys a page asks the server to look at: within these, so that a page takes about
/// [`PAGE_TIME`] more than the quickest, which is the way to the server and back.
const MIN_COUNT: usize = 100;
const MAX_COUNT: usize = 4_000;
const PAGE_TIME: Duration = Duration::from_millis(1);

/// A `deleteAllIds` under way.
#[derive(Debug)]
pub struct Wipe {
    stem: Vec<u8>,
    pattern: Vec<u8>,
    count: usize,
    sent_at: Instant,
    quickest: Duration,
    uses_del: bool,
    walk: Walk,
}

/// How far the walk has come on this connection.
#[derive(Debug, Default)]
struct Walk {
    /// The number of the master that is walked over, and of all.
    master: usize,
    masters: usize,
    /// `None` before the first page, `Some(0)` after the last.
    cursor: Option<u64>,
    /// Whether this walk deleted anything.
    has_deleted: bool,
    /// Keys of the last page, whose values are not known yet.
    found: Vec<Vec<u8>>,
    /// Keys that wait for the value of their other half.
    doubts: Vec<Doubt>,
    /// Keys to delete.
    doomed: Vec<Vec<u8>>,
}

/// A key and its other half, at least one of them ambiguous.
#[derive(Debug)]
struct Doubt {
    key: Vec<u8>,
    other: Vec<u8>,
    /// What `other` holds when the two are a pair.
    points_back: Vec<u8>,
    /// Whether `key` goes in any case.
    is_own: bool,
}

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Send the next step.
    More,
    /// All pairs are gone.
    Done,
}

impl Wipe {
    /// A walk over all pairs under `stem`.
    pub fn new(stem: &[u8]) -> Wipe {
        Wipe {
            stem: stem.to_vec(),
            pattern: key::pattern(stem),
            count: 1_000,
            sent_at: Instant::now(),
            quickest: Duration::MAX,
            uses_del: false,
            walk: Walk::default(),
        }
    }

    /// Starts over: a cursor means nothing to another server.
    pub fn restart(&mut self) {
        self.walk = Walk::default();
    }

    /// The number of the master that the next step walks over.
    pub fn master(&self) -> usize {
        self.walk.master
    }

    /// Whether no step was taken yet, or none since the last start.
    pub fn is_at_start(&self) -> bool {
        self.walk.master == 0 && self.walk.cursor.is_none() && !self.walk.has_deleted
    }

    /// The commands of the next step, where there are so many masters.
    pub fn next(&mut self, names: &Names, masters: usize) -> Commands {
        self.walk.masters = masters;
        let mut commands = Commands::default();
        let Walk {
            cursor,
            found,
            doubts,
            doomed,
            ..
        } = &self.walk;
        if !doomed.is_empty() {
            let name = if self.uses_del {
                &names.del
            } else {
                &names.unlink
            };
            commands.add(name, doomed);
        }
        if !doubts.is_empty() {
            let others: Vec<&[u8]> = doubts.iter().map(|doubt| doubt.other.as_slice()).collect();
            commands.add(&names.mget, &others);
        }
        if !found.is_empty() {
            commands.add(&names.mget, found);
        }
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
        self.sent_at = Instant::now();
        commands
    }

    /// Takes in the replies to [`Wipe::next`].
    pub fn advance(&mut self, replies: Vec<Reply>, server: &Arc<str>) -> Result<Step, Error> {
        self.pace();
        let mut replies = replies.into_iter();
        let mut reply = || match replies.next().map(Reply::into_value) {
            Some(Value::ServerError(error)) => Err(Trouble::Reply(error)),
            Some(value) => Ok(value),
            None => Err(Trouble::Nonsense),
        };
        let before = mem::take(&mut self.walk);
        let stepped = self.step(before, &mut reply);
        stepped.map_err(|trouble| match trouble {
            Trouble::Reply(error) => Error::from_reply(server, &error),
            Trouble::Nonsense => unexpected(Op::DeleteAllIds, server),
        })?;
        Ok(self.turn())
    }

    /// At the end of a master, turns to the next one.
    ///
    /// With several masters the whole walk is done again until it deletes nothing: a slot that moves
    /// meanwhile may hop over it.
    fn turn(&mut self) -> Step {
        let walk = &mut self.walk;
        let is_busy = !(walk.found.is_empty() && walk.doubts.is_empty() && walk.doomed.is_empty());
        if walk.cursor != Some(0) || is_busy {
            return Step::More;
        }
        if walk.master + 1 < walk.masters {
            walk.master += 1;
        } else if walk.masters > 1 && walk.has_deleted {
            walk.master = 0;
            walk.has_deleted = false;
        } else {
            return Step::Done;
        }
        walk.cursor = None;
        Step::More
    }

    fn step(
        &mut self,
        before: Walk,
        reply: &mut impl FnMut() -> Result<Value, Trouble>,
    ) -> Result<(), Trouble> {
        let mut next = Walk {
            master: before.master,
            masters: before.masters,
            cursor: before.cursor,
            has_deleted: before.has_deleted || !before.doomed.is_empty(),
            ..Walk::default()
        };
        if !before.doomed.is_empty() {
            match reply() {
                Ok(_) => {}
                // Redis before 4.0: the same keys again, the older way.
                Err(Trouble::Reply(error)) if !self.uses_del && is_unknown_command(&error) => {
                    self.uses_del = true;
                    next.doomed = before.doomed;
                }
                Err(trouble) => return Err(trouble),
            }
        }
        if !before.doubts.is_empty() {
            let values = values(reply()?, before.doubts.len())?;
            for (doubt, value) in before.doubts.into_iter().zip(values) {
                let is_pair = value.is_some_and(|value| value == doubt.points_back);
                if is_pair {
                    next.doomed.push(doubt.other);
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
        if before.cursor != Some(0) {
            let (cursor, keys) = page(reply()?)?;
            next.cursor = Some(cursor);
            next.found = keys;
        }
        self.walk = next;
        Ok(())
    }

    /// Decides what becomes of a key with this value, `None` when it is gone or holds no string.
    fn sort(&self, key: Vec<u8>, value: Option<Vec<u8>>, next: &mut Walk) {
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
                    is_own,
                });
            }
            _ if is_own => next.doomed.push(key),
            _ => {}
        }
    }

    /// Fits the page to the time the last one took.
    fn pace(&mut self) {
        let took = self.sent_at.elapsed();
        self.quickest = self.quickest.min(took);
        // In small steps, since a single slow page says nothing.
        self.count = if took - self.quickest > PAGE_TIME {
            (self.count * 4 / 5).max(MIN_COUNT)
        } else {
            (self.count * 5 / 4).min(MAX_COUNT)
        };
    }
}

enum Trouble {
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

#[cfg(test)]
mod tests;
