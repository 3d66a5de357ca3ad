//! Who holds what in a cluster and what is being moved, as its nodes themselves tell.

mod questions;

use redis::Value;

use super::run::Run;
use super::slots::Slots;
use crate::error::Error;
use crate::settings::{Address, NatMap};

pub(super) use questions::Questions;

/// What each node of a session told of itself. Two of them are equal when nothing has changed between
/// them: each change of a slot's owner raises an epoch, which is part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Topology {
    nodes: Vec<String>,
    has_moving_slots: bool,
    runs: Vec<Option<Run>>,
}

/// Why there is none.
pub(super) enum TopologyError {
    /// A node refused to tell.
    Refused(Error),
    /// The nodes tell otherwise than the session knows.
    Changed,
    /// Slots are on the way to nodes that the session does not know.
    NewNodes(Vec<Address>),
}

/// What a node told.
pub(super) struct Told<'a> {
    /// The node.
    pub address: &'a Address,
    /// Its reply to `CLUSTER NODES`.
    pub nodes: Value,
    /// Its reply to `CLUSTER SLOTS`.
    pub slots: Value,
    /// Which run of it that was, when it told.
    pub run: Option<Run>,
}

impl<'a> Told<'a> {
    /// What it told of the nodes, when it did.
    fn text(&self) -> Option<(String, &'a Address)> {
        match &self.nodes {
            Value::BulkString(text) => {
                Some((String::from_utf8_lossy(text).into_owned(), self.address))
            }
            _ => None,
        }
    }
}

/// What one node tells of itself.
struct Own<'a> {
    id: &'a str,
    /// Its address, port of the bus and host name.
    place: &'a str,
    /// Its slots, and those on the way to or from other nodes: `[1->-id]` or `[1-<-id]`.
    slots: Vec<&'a str>,
    moving: Vec<&'a str>,
    told: String,
}

impl Topology {
    /// Reads what the nodes of a session, which knows the slots so, told.
    pub(super) fn read<'a>(
        told: impl Iterator<Item = Told<'a>>,
        slots: &Slots,
        nat_map: &NatMap,
    ) -> Result<Topology, TopologyError> {
        let told: Vec<Told<'_>> = told.collect();
        let texts: Option<Vec<(String, &Address)>> = told.iter().map(Told::text).collect();
        let Some(texts) = texts else {
            return Topology::without_nodes(told, slots, nat_map);
        };
        let own: Option<Vec<Own<'_>>> = texts.iter().map(|(text, _)| Own::read(text)).collect();
        let own = own.ok_or(TopologyError::Changed)?;
        for (number, node) in own.iter().enumerate() {
            if !node.holds(slots, number) {
                return Err(TopologyError::Changed);
            }
        }
        let mut new = Vec::new();
        for (node, (text, asked)) in own.iter().zip(&texts) {
            let others = node.moving.iter().filter_map(|moving| other(moving));
            for id in others.filter(|id| own.iter().all(|node| node.id != *id)) {
                new.extend(address_of(id, text, node.place, asked, nat_map));
            }
        }
        if !new.is_empty() {
            return Err(TopologyError::NewNodes(new));
        }
        Ok(Topology {
            runs: told.iter().map(|told| told.run.clone()).collect(),
            has_moving_slots: own.iter().any(|node| !node.moving.is_empty()),
            nodes: own.into_iter().map(|node| node.told).collect(),
        })
    }

    /// What can be told where a user may not ask for `CLUSTER NODES`, or a proxy answers it otherwise: not
    /// whether slots are being moved, so that is taken for granted.
    fn without_nodes(
        told: Vec<Told<'_>>,
        slots: &Slots,
        nat_map: &NatMap,
    ) -> Result<Topology, TopologyError> {
        let runs = told.iter().map(|told| told.run.clone()).collect();
        for (number, told) in told.into_iter().enumerate() {
            match (Slots::parse(&told.slots, told.address, nat_map), told.slots) {
                (Some(own), _) if own.agrees_with(slots) => {}
                (None, Value::ServerError(error)) if number < slots.masters.len() => {
                    let server = told.address.to_string().into();
                    return Err(TopologyError::Refused(Error::from_reply(&server, &error)));
                }
                // A node without slots that refuses was to get some, and has left the cluster.
                _ => return Err(TopologyError::Changed),
            }
        }
        Ok(Topology {
            nodes: Vec::new(),
            has_moving_slots: true,
            runs,
        })
    }

    /// Whether one that is equal to it on another session means that nothing has changed in between.
    pub(super) fn outlives_sessions(&self) -> bool {
        !self.nodes.is_empty() && self.runs.iter().all(Option::is_some)
    }

    /// Whether a slot is being moved: its keys go from node to node one by one.
    pub(super) fn has_moving_slots(&self) -> bool {
        self.has_moving_slots
    }
}

impl<'a> Own<'a> {
    /// Finds the node's own line: `id address flags master ping pong epoch link slot…`.
    fn read(text: &'a str) -> Option<Own<'a>> {
        let mut lines = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let line = lines.find(|line| {
            let flags = line.get(2).copied().unwrap_or_default();
            flags.split(',').any(|flag| flag == "myself")
        })?;
        let (about, slots) = line.split_at_checked(8)?;
        let [id, place, flags, master, _, _, epoch, _] = about else {
            return None;
        };
        let (moving, slots) = slots.iter().partition(|slot| slot.starts_with('['));
        Some(Own {
            id,
            place,
            told: format!("{id} {flags} {master} {epoch} {}", line[8..].join(" ")),
            slots,
            moving,
        })
    }

    /// Whether it has just the slots that the session knows as those of node `number`.
    fn holds(&self, known: &Slots, number: usize) -> bool {
        let mut count = 0;
        for range in &self.slots {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse()) else {
                return false;
            };
            let is_own = |slot| known.holder(slot) == Some(number);
            if first > last || !(first..=last).all(is_own) {
                return false;
            }
            count += last + 1 - first;
        }
        count == known.count(number)
    }
}

/// The id of the node that a slot is on the way to or from.
fn other(moving: &str) -> Option<&str> {
    let inner = moving.strip_prefix('[')?.strip_suffix(']')?;
    let (_, id) = inner
        .split_once("->-")
        .or_else(|| inner.split_once("-<-"))?;
    Some(id)
}

/// Where a node is, by its id: by host name when that is how the session knows `asked`, who wrote
/// it and calls itself `own`. Without a host it is that of `asked`.
fn address_of(
    id: &str,
    text: &str,
    own: &str,
    asked: &Address,
    nat_map: &NatMap,
) -> Option<Address> {
    // ip:port@cport,hostname
    let read = |place: &str, is_by_name: bool| {
        let mut parts = place.split(',');
        let address = parts.next()?.split('@').next()?;
        let mut address = Address::parse(address, &asked.host)?;
        if is_by_name {
            address.host = parts.next().filter(|name| !name.is_empty())?.to_owned();
        }
        Some(nat_map.reach(address))
    };
    let line = text.lines().find(|line| line.starts_with(id))?;
    let place = line.split(' ').nth(1)?;
    let is_by_name = read(own, true).as_ref() == Some(asked);
    let by_name = is_by_name.then(|| read(place, true)).flatten();
    by_name.or_else(|| read(place, false))
}

#[cfg(test)]
mod tests;
