//! A page of keys, for `ListIds`: one `SCAN` of one node. Or, in place of keys, one look at where they are:
//! which run of a server that is, or the topology of a cluster.
//!
//! `SCAN` gives every key that stands from its start to its end, as long as a cursor goes back to the run of
//! the server that gave it. So a listing goes on over another session when that is the same run, or the
//! same topology with the same runs; else it begins anew, and gives most keys again: who asks knows
//! which it had. In a cluster it is over only when the topology is as it was at the start, after a second
//! pass where slots were being moved; see `deletion` for why that is enough. All of this stands in the
//! cursor, so that nothing has to be kept of a listing that nobody goes on with.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use redis::Value;

use super::commands::{Commands, Target};
use super::deletion::{Keyspace, pattern};
use super::dialect::Feature;
use super::run::Run;
use super::topology::{Questions, Topology};
use crate::call::{Answer, Args, Listed};
use crate::settings::Names;

/// How many keys a page asks the server to look at: it takes that about a ms.
const COUNT: &[u8] = b"1000";

/// How far a listing is: in its cursor, as these numbers in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    /// On which session it is.
    session: u64,
    /// Stands for where the keys are; 0 when that is not known.
    place: u64,
    /// How many passes over all nodes this is.
    pass: u64,
    /// The node that is walked over; as many as there are when all are.
    node: usize,
    /// The node's own cursor.
    cursor: u64,
}

impl Position {
    fn start(session: u64, place: u64) -> Position {
        Position {
            session,
            place,
            pass: 1,
            node: 0,
            cursor: 0,
        }
    }

    fn read(text: &[u8]) -> Option<Position> {
        let mut numbers = std::str::from_utf8(text).ok()?.split('.');
        let mut next = || numbers.next()?.parse::<u64>().ok();
        Some(Position {
            session: next()?,
            place: next()?,
            pass: next()?,
            node: next()? as usize,
            cursor: next()?,
        })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position {
            session,
            place,
            pass,
            node,
            cursor,
        } = self;
        write!(out, "{session}.{place}.{pass}.{node}.{cursor}")
    }
}

/// What a call asks for.
#[derive(Debug)]
pub(super) struct Page {
    keyspace: Keyspace,
    asks: Asks,
    /// How much of a key is left out, in bytes.
    prefix: usize,
}

#[derive(Debug)]
enum Asks {
    /// Where keys are, for a listing that was so far, if it has begun.
    Place(Option<Position>),
    /// The keys from there.
    Keys(Position),
}

impl Page {
    /// Adds the command of a call.
    pub(super) fn write(
        args: Args<'_>,
        keyspace: Keyspace,
        names: &Names,
        out: &mut Commands,
    ) -> Page {
        let listed = Listed::read(args.second);
        let page = Page {
            asks: Asks::of(Position::read(args.first), &keyspace),
            keyspace,
            prefix: match listed {
                Listed::Integrations => args.stem.len(),
                _ => args.stem.len() + 1,
            },
        };
        match &page.asks {
            Asks::Place(_) if keyspace.is_cluster => {
                out.append(&Questions::new(keyspace.lacks, true).as_one(names));
            }
            Asks::Place(_) => {
                out.begin(&names.info, 0);
                out.to(Target::Node(0));
            }
            Asks::Keys(position) => {
                let cursor = position.cursor.to_string();
                let pattern = pattern(args.stem, follows(listed));
                out.begin(&names.scan, 5);
                out.to(Target::Node(position.node));
                for word in [cursor.as_bytes(), b"MATCH", &pattern, b"COUNT", COUNT] {
                    out.word([word]);
                }
            }
        }
        page
    }

    /// Whether which run of the server it is was asked for.
    pub(super) fn asks_run(&self) -> bool {
        matches!(self.asks, Asks::Place(_)) && !self.keyspace.is_cluster
    }

    /// What the run of a server, or the topology of a cluster, says of the listing; `None` when it was keys that
    /// were asked for.
    pub(super) fn found(&self, run: Option<&Run>, topology: Option<&Topology>) -> Option<Answer> {
        let Asks::Place(before) = self.asks else {
            return None;
        };
        let place = match (run, topology) {
            (Some(run), _) => hash(run),
            (None, Some(topology)) => hash(topology),
            (None, None) => 0,
        };
        let session = self.keyspace.session;
        let start = Position::start(session, place);
        let same = before.filter(|before| {
            let is_own = before.session == session;
            let outlives = topology.is_none_or(Topology::outlives_sessions);
            before.place == place && place != 0 && (is_own || outlives)
        });
        Some(match same {
            None => self.turn(start, vec![]),
            Some(before) if before.node < self.keyspace.nodes => {
                self.turn(Position { session, ..before }, vec![])
            }
            Some(before) => {
                let has_moving_slots = topology.is_some_and(Topology::has_moving_slots);
                match has_moving_slots && before.pass < 2 {
                    true => self.turn(Position { pass: 2, ..start }, vec![]),
                    false => Answer::Page(vec![Bytes::new()]),
                }
            }
        })
    }

    /// What a reply to `SCAN` says; `None` when that is no reply to it.
    pub(super) fn keys(&self, reply: Value) -> Option<Answer> {
        let Asks::Keys(position) = self.asks else {
            return None;
        };
        let (cursor, keys): (u64, Vec<Vec<u8>>) = redis::from_redis_value(reply).ok()?;
        // A pattern may match other keys on a server that reads it in a way of its own.
        let keys = keys.into_iter().filter(|key| key.len() > self.prefix);
        let keys = keys.map(|key| Bytes::from(key).slice(self.prefix..));
        let node = position.node + usize::from(cursor == 0);
        if node == self.keyspace.nodes && !self.keyspace.is_cluster {
            return Some(Answer::Page(
                [Bytes::new()].into_iter().chain(keys).collect(),
            ));
        }
        let next = Position {
            node,
            cursor,
            ..position
        };
        Some(self.turn(next, keys.collect()))
    }

    /// A page from which it goes on there.
    fn turn(&self, next: Position, keys: Vec<Bytes>) -> Answer {
        let next = Bytes::from(next.to_string());
        Answer::Page([next].into_iter().chain(keys).collect())
    }
}

impl Asks {
    fn of(position: Option<Position>, keyspace: &Keyspace) -> Asks {
        let Keyspace {
            session,
            nodes,
            is_cluster,
            lacks,
            has_named_user,
        } = *keyspace;
        let tells = is_cluster || !lacks.has(Feature::Info);
        match position {
            Some(position) if position.session == session && position.node < nodes => {
                Asks::Keys(position)
            }
            Some(position) if tells => Asks::Place(Some(position)),
            // A user with few rights leaves a line in the ACL log by asking, so only once it is of use.
            None if tells && (is_cluster || !has_named_user) => Asks::Place(None),
            _ => Asks::Keys(Position::start(session, 0)),
        }
    }
}

/// How the names of keys go on after the stem.
fn follows(listed: Listed) -> &'static [u8] {
    match listed {
        Listed::Botmatic => b":b:*",
        Listed::External => b":e:*",
        Listed::Both => b":[be]:*",
        Listed::Integrations => b"*:b:*",
    }
}

fn hash(place: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    place.hash(&mut hasher);
    // 0 stands for one that is not known.
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests;
