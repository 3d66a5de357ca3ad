//! Replies that say that a key is elsewhere, and what a sending comes to with them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use redis::{ServerError, Value};

use super::{Cluster, InFlight, Sent};
use crate::backend::locked::locked;
use crate::backend::redis::answers::Received;
use crate::backend::redis::operations::Reception;
use crate::backend::redis::replies::Reply;
use crate::backend::redis::routing::{PieceReception, Whole};
use crate::backend::redis::topology::{Questions, Topology, TopologyError};
use crate::error::Error;
use crate::settings::Address;

impl Cluster {
    /// Sends those pieces of the first sending on that a node asks to, and tells whether there are any.
    ///
    /// Later commands are on their way already. Those over the same keys are asked for too, and
    /// follow; should one be carried out after all, since the move was called off, the engine
    /// sends it again behind this one.
    pub(super) fn follow_asked(&mut self) -> bool {
        let mut followed = Vec::new();
        let Some(sent) = self.in_flight.front() else {
            return false;
        };
        if self.first < self.follows_from || self.is_one {
            return false;
        }
        for (n, sent) in sent.pieces.iter().enumerate() {
            let Some(error) = redirection(&sent.reply).filter(|error| error.code() == "ASK") else {
                continue;
            };
            let Some(address) = self.named_by(error, sent.piece.node) else {
                continue;
            };
            let mut nodes = self.nodes.iter();
            match nodes.position(|node| node.address == address) {
                Some(node) if !sent.was_asked => followed.push((n, node)),
                Some(_) => {}
                None => self.meet([address]),
            }
        }
        if let Some(sent) = self.in_flight.front_mut() {
            for (piece, node) in &followed {
                let sent = &mut sent.pieces[*piece];
                sent.was_asked = true;
                sent.reply = None;
                sent.piece.node = *node;
            }
        }
        let follows = !followed.is_empty();
        self.send_to(self.first, followed, true);
        follows
    }

    /// Sends nothing on of what is in flight.
    pub(crate) fn stay(&mut self) {
        self.follows_from = self.first + self.in_flight.len() as u64;
    }

    /// The next session is to know these nodes, too.
    fn meet(&self, nodes: impl IntoIterator<Item = Address>) {
        let mut newcomers = locked(&self.kept.cluster.newcomers);
        for node in nodes {
            if !newcomers.contains(&node) {
                newcomers.push(node);
            }
        }
    }

    /// The node that `ASK <slot> <host>:<port>` or `MOVED …` names, said by node `by`.
    fn named_by(&self, error: &ServerError, by: usize) -> Option<Address> {
        let (_, place) = error.details()?.split_once(' ')?;
        let address = Address::parse(place, &self.nodes[by].address.host)?;
        Some(self.nat_map.reach(address))
    }

    pub(super) fn came_back(&self, sent: InFlight) -> Received {
        let mut pieces = sent.pieces.into_iter();
        let server = &self.settings.server;
        let came = sent.wholes.into_iter().map(|whole| match whole {
            Whole::Topology(questions) => {
                Reception::Topology(self.topology(questions, &mut pieces))
            }
            whole => {
                let mut came = pieces.by_ref().map(|sent| self.came(sent));
                whole.put_together(&mut came, server)
            }
        });
        Received::Pieces(came.collect::<Vec<_>>().into_iter())
    }

    fn came(&self, sent: Sent) -> PieceReception {
        let node = sent.piece.node;
        if sent.is_unsent {
            let server = self.nodes[node].name.clone();
            return PieceReception::Elsewhere(changed(server, "it takes no more"));
        }
        if let Some(error) = redirection(&sent.reply)
            && !self.is_one
        {
            if error.code() == "MOVED" {
                *locked(&self.kept.cluster.ahead) = self.named_by(error, node);
            }
            let server = self.nodes[node].name.clone();
            return PieceReception::Elsewhere(changed(
                server,
                &format!("it says {}", error.code()),
            ));
        }
        // Two keys of a slot that is half moved: no node takes them at once.
        if let Some(Reply::Value(Value::ServerError(error))) = &sent.reply
            && error.code() == "TRYAGAIN"
        {
            self.kept
                .cluster
                .is_half_moved
                .store(true, Ordering::Relaxed);
        }
        sent.reply
            .map_or(PieceReception::Lost, PieceReception::Reply)
    }

    fn topology(
        &self,
        questions: Questions,
        pieces: &mut impl Iterator<Item = Sent>,
    ) -> Result<Topology, Error> {
        let server = || self.settings.server.clone();
        let nodes = self.nodes.iter().map(|node| &node.address);
        let mut reply = || {
            let reply = pieces.next().and_then(|sent| sent.reply);
            reply.map_or(Value::Nil, Reply::into_value)
        };
        let told = nodes.map(|address| questions.told(address, &mut reply, &self.dialect));
        Topology::read(told, &self.slots, &self.nat_map).map_err(|unknown| {
            match unknown {
                TopologyError::Refused(error) => error,
                TopologyError::Changed => {
                    // One of them may have left. Those that slots are still on the way to are named again.
                    locked(&self.kept.cluster.newcomers).clear();
                    changed(server(), "slots have moved")
                }
                TopologyError::NewNodes(nodes) => {
                    self.meet(nodes);
                    changed(server(), "slots move to another node")
                }
            }
        })
    }
}

/// The error of a reply that says that a key is elsewhere.
fn redirection(reply: &Option<Reply>) -> Option<&ServerError> {
    match reply {
        Some(Reply::Value(Value::ServerError(error)))
            if matches!(error.code(), "ASK" | "MOVED") =>
        {
            Some(error)
        }
        _ => None,
    }
}

fn changed(server: Arc<str>, how: &str) -> Error {
    Error::Unreachable {
        server,
        reason: format!("the cluster has changed: {how}").into(),
    }
}
