//! A Redis Cluster: each command goes to the master that holds its key, one over several keys is
//! taken apart, and the replies come back as if there were one server.
//!
//! When a slot has moved, or a master is gone, the whole session is given up: the engine opens a new
//! one, which learns the slots anew, and sends again in order. Only a slot that is just moving is
//! followed key by key, by what `ASK` says.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::Poll;

use redis::{ServerError, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::connection::{Connection, broken};
use super::pieces::{Load, Parts, take_apart};
use super::slots::Slots;
use super::target::{Place, Refusal, Target};
use super::traffic::Traffic;
use super::wire::{Replies, Wire};
use crate::error::Error;
use crate::options::{self, Address, Endpoint, Settings};
use crate::resp::{Commands, Reply};

/// Connections to each master.
pub struct Cluster {
    masters: Vec<Connection>,
    routes: Arc<Routes>,
}

/// What sending needs.
struct Routes {
    settings: Arc<Settings>,
    traffic: Arc<Traffic>,
    /// Whether a pair is saved in two commands even when both keys have one master.
    splits: bool,
    slots: Slots,
    wires: Vec<Wire>,
    /// Nodes that are about to get their first slot.
    newcomers: Mutex<HashMap<Address, Connection>>,
}

impl Cluster {
    /// Learns the slots from one of the nodes, and connects to each master, by `end`.
    pub async fn open(
        settings: &Arc<Settings>,
        cluster: &options::Cluster,
        traffic: &Arc<Traffic>,
        end: Instant,
    ) -> Result<Cluster, Refusal> {
        let slots = learn(settings, cluster, traffic, end).await?;
        let mut masters = Vec::with_capacity(slots.masters.len());
        for address in &slots.masters {
            masters.push(open_node(settings, address, traffic, end).await?);
        }
        *cluster.seen.lock().unwrap_or_else(PoisonError::into_inner) = slots.masters.clone();
        let routes = Routes {
            settings: settings.clone(),
            traffic: traffic.clone(),
            splits: cluster.is_half_moved.swap(false, Ordering::Relaxed),
            slots,
            wires: masters.iter().map(|master| master.wire().clone()).collect(),
            newcomers: Mutex::default(),
        };
        Ok(Cluster {
            masters,
            routes: Arc::new(routes),
        })
    }

    /// How many masters there are.
    pub fn masters(&self) -> usize {
        self.masters.len()
    }

    /// See [`super::Session::send`].
    pub fn send(&self, commands: &Commands, master: usize) -> Replies {
        let routes = self.routes.clone();
        let mut load = Load::new(routes.wires.len());
        let parts: Vec<Parts> = commands
            .iter()
            .map(|command| {
                let owner = |key: &[u8]| routes.owner(key);
                let names = &routes.settings.names;
                take_apart(&command, names, routes.splits, owner, master, &mut load)
            })
            .collect();
        let sent: Vec<_> = load
            .by_master
            .into_iter()
            .zip(&routes.wires)
            .map(|(commands, wire)| (!commands.is_empty()).then(|| wire.send(commands)))
            .collect();
        Replies::OfMany(Box::pin(async move {
            let mut replies = Vec::with_capacity(sent.len());
            for sent in sent {
                replies.push(match sent {
                    Some(sent) => sent.await?.into_iter(),
                    None => Vec::new().into_iter(),
                });
            }
            let mut answers = Vec::with_capacity(load.pieces.len());
            for (master, piece) in load.pieces {
                let reply = replies[master].next().ok_or_else(|| changed("is silent"))?;
                answers.push(routes.follow(piece, reply).await?);
            }
            let mut answers = answers.into_iter();
            Ok(parts
                .into_iter()
                .map(|parts| parts.put_together(&mut answers))
                .collect())
        }))
    }

    /// Closes the connections and returns when that is done.
    pub async fn close(self) {
        for master in self.masters {
            master.close().await;
        }
    }

    /// Resolves when the connection to a master is gone.
    pub async fn ended(&mut self) {
        poll_fn(|context| {
            let mut masters = self.masters.iter_mut();
            let is_gone = masters.any(|master| master.poll_ended(context).is_ready());
            if is_gone {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// Asks the nodes in turn for the slots.
async fn learn(
    settings: &Settings,
    cluster: &options::Cluster,
    traffic: &Arc<Traffic>,
    end: Instant,
) -> Result<Slots, Refusal> {
    let mut nodes = cluster.seeds.clone();
    let seen = cluster
        .seen
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    nodes.extend(
        seen.into_iter()
            .filter(|node| !cluster.seeds.contains(node)),
    );
    let mut refusal = Refusal::passing(Error::Unreachable {
        server: settings.server.clone(),
        reason: "no node is known".into(),
    });
    for (asked, node) in nodes.iter().enumerate() {
        // A share each, so that one that keeps silent leaves time for the next.
        let left = end.saturating_duration_since(Instant::now());
        let share = left / (nodes.len() - asked + 1) as u32;
        match ask(settings, cluster, node, traffic, Instant::now() + share).await {
            Ok(slots) => return Ok(slots),
            Err(of_this) if of_this.is_final => return Err(of_this),
            Err(of_this) => refusal = of_this,
        }
    }
    Err(refusal)
}

async fn ask(
    settings: &Settings,
    cluster: &options::Cluster,
    node: &Address,
    traffic: &Arc<Traffic>,
    end: Instant,
) -> Result<Slots, Refusal> {
    let connection = open_node(settings, node, traffic, end).await?;
    let server: Arc<str> = node.to_string().into();
    let reply = connection
        .wire()
        .ask(&settings.names.cluster, &[b"SLOTS"])
        .await
        .map_err(|error| Refusal::passing(broken(&server, &error)))?;
    match Slots::parse(&reply, node, &cluster.nat_map) {
        Some(slots) if !slots.masters.is_empty() => Ok(slots),
        Some(_) => Err(Refusal::passing(Error::Unreachable {
            server,
            reason: "its cluster has no slots".into(),
        })),
        None => Err(match reply {
            Value::ServerError(error) => Refusal::lasting(Error::from_reply(&server, &error)),
            _ => Refusal::passing(Error::Protocol {
                server,
                reason: "its CLUSTER SLOTS cannot be read".into(),
            }),
        }),
    }
}

async fn open_node(
    settings: &Settings,
    node: &Address,
    traffic: &Arc<Traffic>,
    end: Instant,
) -> Result<Connection, Refusal> {
    let target = Target::of(
        settings,
        Place::Tcp(node, None),
        node.to_string().into(),
        traffic,
    );
    Connection::open(&target, end).await
}

impl Routes {
    /// Goes where the reply sends the command; gives other replies back.
    ///
    /// Later commands are on their way already, but none over this key can have been carried out: a
    /// key that is not at its old master any more does not come back.
    async fn follow(&self, command: Commands, reply: Reply) -> io::Result<Reply> {
        let reply = match &reply {
            Reply::Value(Value::ServerError(error)) if error.code() == "MOVED" => {
                return Err(changed("has moved a slot"));
            }
            Reply::Value(Value::ServerError(error)) if error.code() == "ASK" => {
                let node = self.asked_for(error).ok_or_else(|| changed("asks oddly"))?;
                let mut commands = Commands::one("ASKING", &[]);
                commands.append(command);
                let replies = self.wire_to(node).await?.send(commands).await?;
                replies
                    .into_iter()
                    .nth(1)
                    .ok_or_else(|| changed("is silent"))?
            }
            _ => reply,
        };
        // Two keys of a slot that is half moved: no master takes them at once.
        if let (Reply::Value(Value::ServerError(error)), Some(cluster)) = (&reply, self.cluster())
            && error.code() == "TRYAGAIN"
        {
            cluster.is_half_moved.store(true, Ordering::Relaxed);
        }
        Ok(reply)
    }

    fn cluster(&self) -> Option<&options::Cluster> {
        match &self.settings.endpoint {
            Endpoint::Cluster(cluster) => Some(cluster),
            _ => None,
        }
    }

    /// The number of a key's master. A slot that nobody holds: any master tells so.
    fn owner(&self, key: &[u8]) -> usize {
        self.slots.owner(key).unwrap_or(0)
    }

    /// The node that `ASK <slot> <host>:<port>` names.
    fn asked_for(&self, error: &ServerError) -> Option<Address> {
        let (_, place) = error.details()?.split_once(' ')?;
        let (host, port) = place.rsplit_once(':')?;
        let address = Address {
            host: host.to_owned(),
            port: port.parse().ok()?,
        };
        Some(self.cluster()?.nat_map.reach(address))
    }

    async fn wire_to(&self, node: Address) -> io::Result<Wire> {
        let masters = &self.slots.masters;
        if let Some(number) = masters.iter().position(|master| *master == node) {
            return Ok(self.wires[number].clone());
        }
        let mut newcomers = self.newcomers.lock().await;
        if !newcomers.contains_key(&node) {
            let end = Instant::now() + self.settings.connect_timeout;
            let opened = open_node(&self.settings, &node, &self.traffic, end).await;
            let opened = opened.map_err(|_| changed("asks for a node that is out of reach"))?;
            newcomers.insert(node.clone(), opened);
        }
        let wire = newcomers.get(&node).map(|newcomer| newcomer.wire().clone());
        wire.ok_or_else(|| changed("asks oddly"))
    }
}

/// Why the session is of no more use.
fn changed(what: &str) -> io::Error {
    io::Error::other(format!("the cluster has changed: a node {what}"))
}
