//! The nodes of a session with a cluster: who they are, and the connections to them.

use std::collections::VecDeque;
use std::sync::Arc;

use redis::Value;
use tokio::time::{Instant, timeout_at};

use crate::backend::ConnectError;
use crate::backend::locked::locked;
use crate::backend::redis::connection::{Connection, broken};
use crate::backend::redis::kept::Kept;
use crate::backend::redis::server::{Place, Server};
use crate::backend::redis::slots::Slots;
use crate::error::Error;
use crate::settings::{self, Address, Settings};

/// A node and its connection.
pub(super) struct Node {
    pub address: Address,
    /// How it is named in messages.
    pub name: Arc<str>,
    pub connection: Connection,
    /// What its next replies are to, in order.
    pub owes: VecDeque<Owed>,
}

/// What one sending on a connection is for.
pub(super) struct Owed {
    /// The number in flight.
    pub number: u64,
    /// The pieces there.
    pub pieces: Vec<usize>,
    /// Whether an `ASKING` goes before each.
    pub is_asking: bool,
}

/// The number of the first sending of those that the last `unsent` on a connection are for.
pub(super) fn first_unsent(owes: &VecDeque<Owed>, unsent: usize) -> Option<u64> {
    // These may be more: TLS does not tell of what is answered that it was passed on.
    let sent = owes.len().saturating_sub(unsent);
    // Not the first of them: what is asked for goes after later sendings.
    owes.range(sent..).map(|owed| owed.number).min()
}

/// Connects to every node that holds slots, as `node` tells them.
pub(super) async fn connect(
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
        nodes.push(Node::new(
            address.clone(),
            address.to_string().into(),
            connection,
        ));
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
pub(super) async fn connect_newcomers(
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
            nodes.push(Node::new(
                address.clone(),
                address.to_string().into(),
                connection,
            ));
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
    pub(super) fn new(address: Address, name: Arc<str>, connection: Connection) -> Node {
        Node {
            address,
            name,
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
