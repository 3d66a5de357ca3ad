//! A Redis Cluster: each command goes to the node that holds its key, one over several keys is taken
//! apart, and the replies come back as if there were one server.
//!
//! When a slot has moved, the session is given up: what was refused for it goes again, in order, on
//! the next one, which learns the slots anew. Only a slot that is just moving is followed key by key,
//! by what `ASK` says.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use redis::{ServerError, Value};
use tokio::time::{Instant, timeout_at};

use super::answers::Received;
use super::commands::Commands;
use super::connection::{Connection, broken};
use super::deletion::Sends;
use super::in_turn::in_turn;
use super::kept::{Kept, locked};
use super::pipeline::Known;
use super::replies::Reply;
use super::routing::{Piece, PieceReception, Router, Whole};
use super::server::{Place, Server, late};
use super::slots::Slots;
use super::topology::{Told, Topology, TopologyError};
use crate::backend::ConnectError;
use crate::error::Error;
use crate::settings::{self, Address, NatMap, Settings};

/// Connections to each node that holds slots, or is about to.
pub struct Cluster {
    settings: Arc<Settings>,
    nat_map: NatMap,
    kept: Arc<Kept>,
    /// Whether a pair is saved in two commands even when both keys are of one slot.
    splits: bool,
    slots: Slots,
    nodes: Vec<Node>,
    in_flight: VecDeque<InFlight>,
    /// The number of the first of these; they are numbered as they are sent.
    first: u64,
    /// The number of the first that may be sent on to where `ASK` says.
    follows_from: u64,
}

/// A node and its connection.
struct Node {
    address: Address,
    connection: Connection,
    /// What its next replies are to, in order.
    owes: VecDeque<Owed>,
}

/// What one sending on a connection is for.
struct Owed {
    /// The number in flight.
    number: u64,
    /// The pieces there.
    pieces: Vec<usize>,
    /// Whether an `ASKING` goes before each.
    is_asking: bool,
}

/// A sending, over however many connections.
struct InFlight {
    wholes: Wholes,
    pieces: Vec<Sent>,
}

/// What the pieces of a sending make.
enum Wholes {
    Commands(Vec<Whole>),
    Topology,
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
    pub async fn open(
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
            slots,
            nodes,
            in_flight: VecDeque::new(),
            first: 0,
            follows_from: 0,
        })
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Sends the commands of calls after all that were sent before.
    pub fn send(&mut self, commands: &Commands) {
        self.send_routed(commands, None);
    }

    /// Sends a step of a deletion.
    pub fn step(&mut self, step: &Sends) {
        match step {
            Sends::Commands(commands, node) => self.send_routed(commands, Some(*node)),
            Sends::Topology => {
                let cluster = &self.settings.names.cluster;
                let questions: [&[u8]; 2] = [b"NODES", b"SLOTS"];
                let pieces = (0..self.nodes.len()).flat_map(|node| {
                    questions.map(|question| Piece {
                        node,
                        command: Commands::one(cluster, &[question]),
                    })
                });
                self.send_pieces(Wholes::Topology, pieces.collect());
            }
        }
    }

    fn send_routed(&mut self, commands: &Commands, walked: Option<usize>) {
        let router = Router {
            names: &self.settings.names,
            // A slot that nobody holds: any node tells so.
            owner: |key: &[u8]| self.slots.owner(key).unwrap_or(0),
            walked,
            splits: self.splits,
        };
        let mut pieces = Vec::new();
        let wholes = commands
            .iter()
            .map(|command| router.take_apart(&command, &mut pieces))
            .collect();
        self.send_pieces(Wholes::Commands(wholes), pieces);
    }

    fn send_pieces(&mut self, wholes: Wholes, pieces: Vec<Piece>) {
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
    pub fn poll(
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
                        let server = node.address.to_string().into();
                        return Poll::Ready(Err((broken(&server, &error), error)));
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

    /// Sends those pieces of the first sending on that a node asks to, and tells whether there are any.
    ///
    /// Later commands are on their way already. Those over the same keys are asked for too, and
    /// follow; should one be carried out after all, since the move was called off, the engine
    /// sends it again behind this one.
    fn follow_asked(&mut self) -> bool {
        let mut followed = Vec::new();
        let Some(sent) = self.in_flight.front() else {
            return false;
        };
        if self.first < self.follows_from {
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
    pub fn stay(&mut self) {
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

    fn came_back(&self, sent: InFlight) -> Received {
        match sent.wholes {
            Wholes::Commands(wholes) => {
                let mut pieces = sent.pieces.into_iter().map(|sent| self.came(sent));
                let server = &self.settings.server;
                let came = wholes.into_iter();
                let came = came.map(|whole| whole.put_together(&mut pieces, server));
                Received::Pieces(came.collect::<Vec<_>>().into_iter())
            }
            Wholes::Topology => Received::Topology(self.topology(sent.pieces)),
        }
    }

    fn came(&self, sent: Sent) -> PieceReception {
        let node = sent.piece.node;
        if sent.is_unsent {
            let server = self.nodes[node].address.to_string().into();
            return PieceReception::Elsewhere(changed(server, "it takes no more"));
        }
        if let Some(error) = redirection(&sent.reply) {
            if error.code() == "MOVED" {
                *locked(&self.kept.cluster.ahead) = self.named_by(error, node);
            }
            let server = self.nodes[node].address.to_string().into();
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

    fn topology(&self, pieces: Vec<Sent>) -> Result<Topology, Error> {
        let server = || self.settings.server.clone();
        let nodes = self.nodes.iter().map(|node| &node.address);
        let mut replies = pieces.into_iter().map(|sent| match sent.reply {
            Some(reply) => reply.into_value(),
            None => Value::Nil,
        });
        let mut reply = || replies.next().unwrap_or(Value::Nil);
        let told = nodes.map(|address| Told {
            address,
            nodes: reply(),
            slots: reply(),
        });
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

    /// What came back of each sending in flight so far, in order, now that it is over.
    pub fn take_known(&mut self) -> Vec<Received> {
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
    pub fn unwritten_bytes(&self) -> usize {
        let nodes = self.nodes.iter();
        nodes
            .map(|node| node.connection.pipeline.unwritten_bytes())
            .sum()
    }

    /// How many sendings, the last ones, are not handed to the system in full.
    pub fn unsent(&self) -> usize {
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

/// The number of the first sending of those that the last `unsent` on a connection are for.
fn first_unsent(owes: &VecDeque<Owed>, unsent: usize) -> Option<u64> {
    // These may be more: TLS does not tell of what is answered that it was passed on.
    let sent = owes.len().saturating_sub(unsent);
    // Not the first of them: what is asked for goes after later sendings.
    owes.range(sent..).map(|owed| owed.number).min()
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

/// Connects to every node that holds slots, as `node` tells them.
async fn connect(
    settings: &Settings,
    cluster: &settings::Cluster,
    node: &Address,
    kept: &Arc<Kept>,
    end: Instant,
) -> Result<(Slots, Vec<Node>), ConnectError> {
    let mut connection = open_node(settings, node, kept, end).await?;
    let slots = ask(settings, cluster, &mut connection, node).await?;
    let mut asked = Some(connection);
    let mut nodes = Vec::new();
    for address in &slots.masters {
        let own = asked.take_if(|_| address == node);
        let connection = match own {
            Some(connection) => connection,
            None => open_node(settings, address, kept, end).await?,
        };
        nodes.push(Node::new(address.clone(), connection));
    }
    Ok((slots, nodes))
}

async fn ask(
    settings: &Settings,
    cluster: &settings::Cluster,
    connection: &mut Connection,
    node: &Address,
) -> Result<Slots, ConnectError> {
    let server: Arc<str> = node.to_string().into();
    let reply = connection
        .ask(&settings.names.cluster, &[b"SLOTS"])
        .await
        .map_err(|error| ConnectError::transient(broken(&server, &error)))?;
    match Slots::parse(&reply, node, &cluster.nat_map) {
        Some(slots) if !slots.masters.is_empty() => Ok(slots),
        Some(_) => Err(ConnectError::transient(Error::Unreachable {
            server,
            reason: "its cluster has no slots".into(),
        })),
        None => Err(match reply {
            Value::ServerError(error) => ConnectError::lasting(Error::from_reply(&server, &error)),
            _ => ConnectError::transient(Error::Protocol {
                server,
                reason: "its CLUSTER SLOTS cannot be read".into(),
            }),
        }),
    }
}

/// Connects to the nodes that slots are on the way to, in half of the time that is left. Those that
/// are out of reach are forgotten, until they are named again.
async fn connect_newcomers(
    settings: &Settings,
    kept: &Arc<Kept>,
    end: Instant,
    nodes: &mut Vec<Node>,
) {
    let newcomers = std::mem::take(&mut *locked(&kept.cluster.newcomers));
    for address in newcomers {
        if nodes.iter().any(|node| node.address == address) {
            continue;
        }
        let now = Instant::now();
        let share = now + end.saturating_duration_since(now) / 2;
        let opened = timeout_at(share, open_node(settings, &address, kept, share)).await;
        if let Ok(Ok(connection)) = opened {
            nodes.push(Node::new(address.clone(), connection));
            locked(&kept.cluster.newcomers).push(address);
        }
    }
}

async fn open_node(
    settings: &Settings,
    node: &Address,
    kept: &Arc<Kept>,
    end: Instant,
) -> Result<Connection, ConnectError> {
    let place = Place::Tcp(node, None);
    let server = Server::of(settings, place, node.to_string().into(), kept);
    Connection::open(&server, end).await
}

impl Node {
    fn new(address: Address, connection: Connection) -> Node {
        Node {
            address,
            connection,
            owes: VecDeque::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_unsent_sending_may_have_been_asked_for_or_be_the_last_that_is_owed() {
        let owes = |numbers: &[u64]| -> VecDeque<Owed> {
            let owed = numbers.iter().map(|&number| Owed {
                number,
                pieces: vec![0],
                is_asking: false,
            });
            owed.collect()
        };
        for (numbers, unsent, first) in [
            (&[3, 4, 5][..], 0, None),
            (&[3, 4, 5], 2, Some(4)),
            (&[4, 5, 3], 2, Some(3)),
            (&[5], 3, Some(5)),
            (&[], 1, None),
        ] {
            assert_eq!(first_unsent(&owes(numbers), unsent), first, "{numbers:?}");
        }
    }
}
