//! The walk of `deleteAllIds`: the keyspace page by page, so that no step holds the server up.
//!
//! Each step is one pipeline that deletes what the last step found, reads the values of the page
//! before it and scans the next page, so deleting costs no round trip of its own. Values are read
//! to settle the keys that could belong to a longer integration id (see [`crate::key::is_ambiguous`]):
//! such a key goes only when its other half points back to it, and then both go in one command,
//! since afterwards neither could be told. Until it is known that they went they are remembered:
//! one of them may have gone alone.
//!
//! `SCAN` gives every key that stands from its start to its end, whichever connections its pages go over,
//! so one pass over a server is enough. A cursor is of use on the same run of the same server, with the
//! same line of data: there the walk goes on where it was interrupted, elsewhere it starts over, see
//! [`resume`]. In a cluster one pass is enough when no key can have gone from a node that was still to be
//! walked to one that was walked already: when the topology was the same before and after, and no slot was
//! being moved. Keys of one that is move one way only, so a second pass finds those.

mod page;
mod resume;

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Value;

use super::commands::Commands;
use super::dialect::{Dialect, Feature, Lacks};
use super::operations::unexpected;
use super::replies::Reply;
use super::run::Run;
use super::topology::{Questions, Topology};
use crate::backend;
use crate::call::Operation;
use crate::error::{Error, ReplyKind, reply_text};
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
    /// What the server is known to lack.
    lacks: Lacks,
    /// What the commands of the step under way are, in order.
    asked: Vec<Feature>,
    /// The command that the server hung up on last, and how many times in a row.
    suspect: Option<(Feature, u8)>,
    /// The number of the session that it walks over, if it has begun.
    session: Option<u64>,
    /// Whether the user may have few rights, and whether the walk was interrupted at some time.
    has_named_user: bool,
    was_interrupted: bool,
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
    /// Whether it was interrupted, and it has to be seen whether it may go on.
    is_interrupted: bool,
    /// Which run of the server it is, and whether it was asked.
    run: Option<Run>,
    has_asked_run: bool,
}

/// What the next step sends.
#[derive(Debug)]
pub(super) enum Sends {
    /// The questions for the topology, to each node.
    Topology(Questions),
    /// Commands; a `SCAN` among them is for the node of this number.
    Commands(Commands, usize),
}

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send the next step.
    More,
    /// All pairs are gone.
    Done,
}

/// What is walked over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyspace {
    /// Names the session.
    pub session: u64,
    /// How many nodes it has.
    pub nodes: usize,
    /// Whether keys may go from one node to another.
    pub is_cluster: bool,
    /// What it is known to lack.
    pub lacks: Lacks,
    /// Whether the user may have few rights.
    pub has_named_user: bool,
}

impl backend::Deletion for Deletion {
    fn new(stem: &[u8]) -> Deletion {
        Deletion {
            stem: stem.to_vec(),
            pattern: pattern(stem, b":[be]:*"),
            count: 1_000,
            sent_at: Instant::now(),
            quickest: Duration::MAX,
            lacks: Lacks::NONE,
            asked: Vec::new(),
            suspect: None,
            session: None,
            has_named_user: false,
            was_interrupted: false,
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

    /// What the next step sends. Fails where the keys cannot be found.
    pub(super) fn next(
        &mut self,
        names: &Names,
        keyspace: Keyspace,
        server: &Arc<str>,
    ) -> Result<Sends, Error> {
        self.lacks = keyspace.lacks;
        if self.lacks.has(Feature::Scan) && self.lacks.has(Feature::Keys) {
            return Err(Error::Lacking {
                server: server.clone(),
                commands: "SCAN or KEYS",
            });
        }
        if self.is_at_start(keyspace.session) {
            self.was_interrupted = self.session.is_some();
            self.session = Some(keyspace.session);
            self.has_named_user = keyspace.has_named_user;
            match self.walk.may_go_on(&keyspace) {
                true => self.walk.is_interrupted = true,
                false => self.start_over(keyspace.nodes, keyspace.is_cluster),
            }
        }
        self.sent_at = Instant::now();
        if self.walk.asks || self.walk.is_interrupted && keyspace.is_cluster {
            let questions = Questions::new(self.lacks, self.may_ask_run());
            return Ok(Sends::Topology(questions));
        }
        let commands = self.commands(names);
        Ok(Sends::Commands(commands, self.walk.node))
    }

    fn start_over(&mut self, nodes: usize, is_cluster: bool) {
        self.walk = Walk {
            nodes,
            asks: is_cluster,
            ..Walk::default()
        };
        self.walk.page.rechecks.clone_from(&self.confirmed);
    }

    /// Takes in the topology that was asked for.
    pub(super) fn compare(&mut self, topology: Topology, server: &Arc<str>) -> Result<Step, Error> {
        if self.walk.is_interrupted {
            let is_same = self.walk.topology.as_ref() == Some(&topology);
            if is_same && !self.walk.asks {
                self.go_on();
                return Ok(Step::More);
            }
            self.walk.is_interrupted = false;
            if !is_same {
                self.start_over(self.walk.nodes, true);
            }
        }
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
    pub(super) fn advance(
        &mut self,
        replies: Vec<Reply>,
        dialect: &Dialect,
    ) -> Result<Step, Error> {
        let server = &dialect.server;
        self.pace();
        let mut replies = replies.into_iter();
        let mut reply = || match replies.next().map(Reply::into_value) {
            Some(Value::ServerError(error)) => Err(Trouble::Reply(error)),
            Some(value) => Ok(value),
            None => Err(Trouble::Nonsense),
        };
        let stepped = match self.walk.is_interrupted {
            true => self.compare_run(&mut reply, dialect),
            false => self.step(&mut reply, dialect),
        };
        if let Err(trouble) = stepped {
            // The page is lost.
            self.walk = Walk::default();
            return Err(match trouble {
                Trouble::Reply(error) => Error::from_reply(server, &error),
                Trouble::OneKey(error) => Error::Reply {
                    server: server.clone(),
                    kind: ReplyKind::OneKey,
                    reply: reply_text(&error),
                },
                Trouble::Nonsense => unexpected(Operation::DeleteAllIds, server),
            });
        }
        self.acquit();
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

/// The `SCAN` pattern of keys that begin with `stem`, which is taken literally, and go on as `follows` says.
pub(super) fn pattern(stem: &[u8], follows: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(stem.len() + 8);
    for &byte in stem {
        if matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern.extend_from_slice(follows);
    pattern
}

#[cfg(test)]
mod tests;
