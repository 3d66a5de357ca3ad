//! A Redis Cluster: each command goes to the node that holds its key, one over several keys is taken
//! apart, and the replies come back as if there were one server.
//!
//! When a slot has moved, the session is given up: what was refused for it goes again, in order, on
//! the next one, which learns the slots anew. Only a slot that is just moving is followed key by key,
//! by what `ASK` says.

mod nodes;
mod one;
mod redirect;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::answers::Received;
use super::commands::Commands;
use super::connection::broken;
use super::deletion::Sends;
use super::dialect::Dialect;
use super::in_turn::in_turn;
use super::kept::Kept;
use super::pipeline::Known;
use super::replies::Reply;
use super::routing::{Piece, Router, Whole};
use super::server::late;
use super::slots::Slots;
use crate::backend::ConnectError;
use crate::backend::locked::locked;
use crate::error::Error;
use crate::settings::{self, Address, NatMap, Settings};
use nodes::{Node, Owed, connect, connect_newcomers, first_unsent};

/// Connections to each node that holds slots, or is about to.
pub(super) struct Cluster {
    settings: Arc<Settings>,
    nat_map: NatMap,
    kept: Arc<Kept>,
    /// Whether a pair is saved in two commands even when both keys are of one slot.
    splits: bool,
    /// Whether it is the one server that the client knows: there is no other to go to.
    is_one: bool,
    dialect: Arc<Dialect>,
    slots: Slots,
    nodes: Vec<Node>,
    in_flight: VecDeque<InFlight>,
    /// The number of the first of these; they are numbered as they are sent.
    first: u64,
    /// The number of the first that may be sent on to where `ASK` says.
    follows_from: u64,
}

/// A sending, over however many connections.
struct InFlight {
    /// What its pieces make.
    wholes: Vec<Whole>,
    pieces: Vec<Sent>,
}

/// A piece that is sent.
struct Sent {
    piece: Piece,
    reply: Option<Reply>,
    /// Whether it was sent on to where `ASK` says.
    was_asked: bool,
    /// Whether it did not go, since the connection ended before.
    is_unsent: bool,
}

impl Cluster {
    /// Learns the slots from one of the nodes, and connects to each that holds some, by `end`.
    pub(super) async fn open(
        settings: &Arc<Settings>,
        cluster: &settings::Cluster,
        kept: &Arc<Kept>,
        end: Instant,
    ) -> Result<Cluster, ConnectError> {
        let mut known: Vec<Address> = Vec::new();
        let ahead = locked(&kept.cluster.ahead).take();
        let seen = locked(&kept.cluster.seen).clone();
        for address in ahead.into_iter().chain(cluster.seeds.clone()).chain(seen) {
            if !known.contains(&address) {
                known.push(address);
            }
        }
        let has_tls = settings.tls.is_some();
        let late =
            |node: &&Address| late(&node.to_string().into(), has_tls, settings.connect_timeout);
        let (slots, mut nodes) = in_turn(known.iter(), end, late, |node, end| {
            connect(settings, cluster, node, kept, end)
        })
        .await?;
        (*locked(&kept.cluster.seen)).clone_from(&slots.masters);
        connect_newcomers(settings, kept, end, &mut nodes).await;
        Ok(Cluster {
            settings: settings.clone(),
            nat_map: cluster.nat_map.clone(),
            kept: kept.clone(),
            splits: kept.cluster.is_half_moved.swap(false, Ordering::Relaxed),
            is_one: false,
            dialect: Dialect::of(&settings.server, settings.username.as_deref()),
            slots,
            nodes,
            in_flight: VecDeque::new(),
            first: 0,
            follows_from: 0,
        })
    }

    /// Whether it is known who holds which slots.
    pub(super) fn has_slots(&self) -> bool {
        !self.slots.masters.is_empty()
    }

    /// How many nodes there are.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Sends the commands of calls after all that were sent before.
    pub(super) fn send(&mut self, commands: &Commands) {
        self.send_routed(commands, None);
    }

    /// Sends a step of a deletion.
    pub(super) fn step(&mut self, step: &Sends) {
        match step {
            Sends::Commands(commands, node) => self.send_routed(commands, Some(*node)),
            Sends::Topology(questions) => {
                let commands = questions.as_one(&self.settings.names);
                self.send_routed(&commands, None);
            }
        }
    }

    fn send_routed(&mut self, commands: &Commands, walked: Option<usize>) {
        let router = Router {
            names: &self.settings.names,
            // A slot that nobody holds: any node tells so.
            owner: |key: &[u8]| self.slots.owner(key).unwrap_or(0),
            nodes: self.nodes.len(),
            walked,
            splits: self.splits,
        };
        let mut pieces = Vec::new();
        let wholes = commands
            .iter()
            .map(|command| router.take_apart(&command, &mut pieces))
            .collect();
        let number = self.first + self.in_flight.len() as u64;
        let nodes = pieces.iter().map(|piece| piece.node).enumerate().collect();
        let pieces = pieces.into_iter().map(|piece| Sent {
            piece,
            reply: None,
            was_asked: false,
            is_unsent: false,
        });
        let pieces = pieces.collect();
        self.in_flight.push_back(InFlight { wholes, pieces });
        self.send_to(number, nodes, false);
    }

    /// Sends pieces of the sending `number`, each to the node it is given with.
    fn send_to(&mut self, number: u64, nodes: Vec<(usize, usize)>, is_asking: bool) {
        let Some(sent) = self.in_flight.get((number - self.first) as usize) else {
            return;
        };
        for (n, node) in self.nodes.iter_mut().enumerate() {
            let mut commands = Commands::default();
            let own = nodes.iter().filter(|(_, to)| *to == n);
            let pieces: Vec<usize> = own.map(|(piece, _)| *piece).collect();
            for &piece in &pieces {
                if is_asking {
                    commands.append(&Commands::one("ASKING", &[]));
                }
                commands.append(&sent.pieces[piece].piece.command);
            }
            if !pieces.is_empty() {
                node.connection.pipeline.send(commands);
                node.owes.push_back(Owed {
                    number,
                    pieces,
                    is_asking,
                });
            }
        }
    }

    /// Writes and reads. Resolves to what came for the first sending; fails when a connection is gone.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Received, (Error, io::Error)>> {
        loop {
            if self.is_first_complete() && !self.follow_asked() {
                self.first += 1;
                if let Some(sent) = self.in_flight.pop_front() {
                    return Poll::Ready(Ok(self.came_back(sent)));
                }
            }
            let mut has_read = false;
            for n in 0..self.nodes.len() {
                let node = &mut self.nodes[n];
                match node.connection.pipeline.poll(context) {
                    Poll::Ready(Ok(replies)) => {
                        has_read = true;
                        self.take_in(n, replies);
                    }
                    Poll::Ready(Err(error)) => {
                        return Poll::Ready(Err((broken(&node.name, &error), error)));
                    }
                    Poll::Pending => {}
                }
            }
            if !has_read {
                return Poll::Pending;
            }
        }
    }

    fn is_first_complete(&self) -> bool {
        let mut sent = self.in_flight.iter().take(1);
        sent.any(|sent| sent.pieces.iter().all(|sent| sent.reply.is_some()))
    }

    /// Gives replies of a node to the pieces they are to: to the first ones, when it is gone since.
    fn take_in(&mut self, node: usize, replies: Vec<Reply>) {
        let Some(owed) = self.nodes[node].owes.pop_front() else {
            return;
        };
        let Some(sent) = self.in_flight.get_mut((owed.number - self.first) as usize) else {
            return;
        };
        let (skipped, step) = if owed.is_asking { (1, 2) } else { (0, 1) };
        let replies = replies.into_iter().skip(skipped).step_by(step);
        for (piece, reply) in owed.pieces.into_iter().zip(replies) {
            sent.pieces[piece].reply = Some(reply);
        }
    }

    /// The next pieces for a node, which is gone, were not sent.
    fn mark_unsent(&mut self, node: usize) {
        let Some(owed) = self.nodes[node].owes.pop_front() else {
            return;
        };
        if let Some(sent) = self.in_flight.get_mut((owed.number - self.first) as usize) {
            for piece in owed.pieces {
                sent.pieces[piece].is_unsent = true;
            }
        }
    }

    /// What came back of each sending in flight so far, in order, now that it is over.
    pub(super) fn take_known(&mut self) -> Vec<Received> {
        for n in 0..self.nodes.len() {
            let known: Vec<_> = self.nodes[n].connection.pipeline.take_known().collect();
            for known in known {
                match known {
                    Known::Replies(replies) => self.take_in(n, replies),
                    Known::Unsent => self.mark_unsent(n),
                }
            }
        }
        let sent: Vec<_> = self.in_flight.drain(..).collect();
        sent.into_iter().map(|sent| self.came_back(sent)).collect()
    }

    /// How many bytes wait to be handed to the system.
    pub(super) fn unwritten_bytes(&self) -> usize {
        let nodes = self.nodes.iter();
        nodes
            .map(|node| node.connection.pipeline.unwritten_bytes())
            .sum()
    }

    /// How many sendings, the last ones, are not handed to the system in full.
    pub(super) fn unsent(&self) -> usize {
        let firsts = self.nodes.iter().filter_map(|node| {
            let unsent = node.connection.pipeline.unsent();
            Some(first_unsent(&node.owes, unsent)? - self.first)
        });
        let sent = firsts
            .min()
            .map_or(self.in_flight.len(), |first| first as usize);
        self.in_flight.len() - sent
    }
}
