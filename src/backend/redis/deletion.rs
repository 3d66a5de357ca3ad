//! The walk of `deleteAllIds`: the keyspace page by page, so that no step holds the server up.
//!
//! Each step is one pipeline that deletes what the last step found, reads the values of the page
//! before it and scans the next page, so deleting costs no round trip of its own. Values are read
//! to settle the keys that could belong to a longer integration id (see [`crate::key::is_ambiguous`]):
//! such a key goes only when its other half points back to it, and then both go in one command,
//! since afterwards neither could be told. Until it is known that they went they are remembered:
//! one of them may have gone alone.
//!
//! A cursor is of use on its own connection only: on another the walk starts over. `SCAN` gives every
//! key that stands from its start to its end, so one pass over a server is enough. In a cluster
//! it is, when no key can have gone from a node that was still to be walked to one that was walked
//! already: when the topology was the same before and after, and no slot was being moved. Keys of
//! one that is move one way only, so a second pass finds those.

mod page;

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Value;

use super::commands::Commands;
use super::operations::unexpected;
use super::replies::Reply;
use super::topology::Topology;
use crate::backend;
use crate::call::Operation;
use crate::error::Error;
use crate::settings::Names;
use page::{Page, Trouble};

/// How many keys a page asks the server to look at: within these, so that a page takes about
/// [`PAGE_TIME`] more than the quickest, which is the way to the server and back.
const MIN_COUNT: usize = 100;
const MAX_COUNT: usize = 4_000;
const PAGE_TIME: Duration = Duration::from_millis(1);

/// A `deleteAllIds` under way.
#[derive(Debug)]
pub struct Deletion {
    stem: Vec<u8>,
    pattern: Vec<u8>,
    count: usize,
    sent_at: Instant,
    quickest: Duration,
    uses_del: bool,
    /// The number of the session that it walks over, if it has begun.
    session: Option<u64>,
    walk: Walk,
    /// Halves of ambiguous pairs that are not known to be gone, each with the value that it had.
    confirmed: Vec<(Vec<u8>, Vec<u8>)>,
}

/// How far the walk has come on this session.
#[derive(Debug, Default)]
struct Walk {
    /// How many nodes there are, and the one that is walked over.
    nodes: usize,
    node: usize,
    /// Whether the next step asks for the topology.
    asks: bool,
    /// The topology when the pass began, in a cluster.
    topology: Option<Topology>,
    /// How many passes this one is.
    passes: u32,
    /// `None` before the first page, `Some(0)` after the last.
    cursor: Option<u64>,
    page: Page,
}

/// What the next step sends.
#[derive(Debug)]
pub enum Sends {
    /// The question for the topology, to each node.
    Topology,
    /// Commands; a `SCAN` among them is for the node of this number.
    Commands(Commands, usize),
}

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Send the next step.
    More,
    /// All pairs are gone.
    Done,
}

/// What is walked over.
#[derive(Clone, Copy, Debug)]
pub struct Keyspace {
    /// Names the session.
    pub session: u64,
    /// How many nodes it has.
    pub nodes: usize,
    /// Whether keys may go from one node to another.
    pub is_cluster: bool,
}

impl backend::Deletion for Deletion {
    fn new(stem: &[u8]) -> Deletion {
        Deletion {
            stem: stem.to_vec(),
            pattern: pattern(stem),
            count: 1_000,
            sent_at: Instant::now(),
            quickest: Duration::MAX,
            uses_del: false,
            session: None,
            walk: Walk::default(),
            confirmed: Vec::new(),
        }
    }
}

impl Deletion {
    /// Whether the next step is the first one on a session of that number.
    pub fn is_at_start(&self, session: u64) -> bool {
        self.session != Some(session)
    }

    /// What the next step sends.
    pub fn next(&mut self, names: &Names, keyspace: Keyspace) -> Sends {
        if self.is_at_start(keyspace.session) {
            self.session = Some(keyspace.session);
            self.walk = Walk {
                nodes: keyspace.nodes,
                asks: keyspace.is_cluster,
                ..Walk::default()
            };
            self.walk.page.rechecks.clone_from(&self.confirmed);
        }
        self.sent_at = Instant::now();
        if self.walk.asks {
            return Sends::Topology;
        }
        Sends::Commands(self.commands(names), self.walk.node)
    }

    /// Takes in the topology that was asked for.
    pub fn compare(&mut self, topology: Topology, server: &Arc<str>) -> Result<Step, Error> {
        let walk = &mut self.walk;
        match &walk.topology {
            None => walk.topology = Some(topology),
            Some(before) if *before != topology => {
                return Err(Error::Unreachable {
                    server: server.clone(),
                    reason: "the cluster has changed during the deletion".into(),
                });
            }
            Some(before) if !before.has_moving_slots() || walk.passes == 2 => {
                return Ok(Step::Done);
            }
            Some(_) => {}
        }
        walk.passes += 1;
        walk.asks = false;
        walk.node = 0;
        walk.cursor = None;
        Ok(Step::More)
    }

    /// Takes in the replies to the commands of [`Deletion::next`].
    pub fn advance(&mut self, replies: Vec<Reply>, server: &Arc<str>) -> Result<Step, Error> {
        self.pace();
        let mut replies = replies.into_iter();
        let mut reply = || match replies.next().map(Reply::into_value) {
            Some(Value::ServerError(error)) => Err(Trouble::Reply(error)),
            Some(value) => Ok(value),
            None => Err(Trouble::Nonsense),
        };
        let stepped = self.step(&mut reply);
        stepped.map_err(|trouble| match trouble {
            Trouble::Reply(error) => Error::from_reply(server, &error),
            Trouble::Nonsense => unexpected(Operation::DeleteAllIds, server),
        })?;
        Ok(self.turn())
    }

    /// At the end of a node, turns to the next one.
    fn turn(&mut self) -> Step {
        let walk = &mut self.walk;
        if walk.cursor != Some(0) || walk.page.is_busy() {
            return Step::More;
        }
        if walk.node + 1 < walk.nodes {
            walk.node += 1;
            walk.cursor = None;
        } else if walk.topology.is_some() {
            walk.asks = true;
        } else {
            return Step::Done;
        }
        Step::More
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

/// The `SCAN` pattern of all keys under `stem`, which is taken literally.
fn pattern(stem: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(stem.len() + 8);
    for &byte in stem {
        if matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern.extend_from_slice(b":[be]:*");
    pattern
}

#[cfg(test)]
mod tests;
