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
#[derive(Clone, Debug, PartialEq, Eq)]
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
mod tests {
    use super::*;

    const ID: [&str; 3] = ["aaaa", "bbbb", "cccc"];

    fn address(port: u16) -> Address {
        Address {
            host: "h".to_owned(),
            port,
        }
    }

    /// The topology of two nodes that have half of the slots each, by the ends of their lines.
    fn read(ends: [&str; 2]) -> Result<Topology, TopologyError> {
        read_of("name", ends)
    }

    fn read_of(name: &str, ends: [&str; 2]) -> Result<Topology, TopologyError> {
        let range = |first, last, port| {
            let node = Value::Array(vec![Value::BulkString("h".into()), Value::Int(port)]);
            Value::Array(vec![Value::Int(first), Value::Int(last), node])
        };
        let reply = Value::Array(vec![range(0, 8_191, 1), range(8_192, 16_383, 2)]);
        let slots = Slots::parse(&reply, &address(1), &NatMap::default()).expect("slots");
        let line = |n: usize, flags, end| {
            let (id, port) = (ID[n], n + 1);
            format!("{id} 10.0.0.{n}:{port}@1{n},{name} {flags} - 0 0 {n} connected{end}\n")
        };
        let [first, second] = ends;
        let texts = [
            line(0, "myself,master", first) + &line(1, "master", "") + &line(2, "master", ""),
            line(0, "master", "") + &line(1, "myself,master", second) + &line(2, "master", ""),
        ];
        let addresses = [address(1), address(2)];
        let told = texts
            .into_iter()
            .zip(&addresses)
            .map(|(text, address)| Told {
                address,
                nodes: Value::BulkString(text.into()),
                slots: Value::Nil,
                run: None,
            });
        Topology::read(told, &slots, &NatMap::default())
    }

    #[test]
    fn what_does_not_change_is_equal_and_what_moves_is_told() {
        let calm = read([" 0-8191", " 8192-16383"]).ok().expect("calm");
        assert!(!calm.has_moving_slots());
        assert_eq!(Some(&calm), read([" 0-8191", " 8192-16383"]).ok().as_ref());
        let moving = [" 0-8191 [5->-bbbb]", " 8192-16383 [5-<-aaaa]"];
        let moving = read(moving).ok().expect("known");
        assert!(moving.has_moving_slots());
        assert_ne!(calm, moving);
    }

    #[test]
    fn nodes_that_refuse_to_tell_may_be_moving_slots_and_one_without_slots_has_left() {
        let refusal = || crate::backend::redis::testing::refusal("NOPERM no CLUSTER NODES for you");
        let range = |last| {
            let node = Value::Array(vec![Value::BulkString("h".into()), Value::Int(1)]);
            let range = vec![Value::Int(0), Value::Int(last), node];
            Value::Array(vec![Value::Array(range)])
        };
        let own = address(1);
        let slots = Slots::parse(&range(99), &own, &NatMap::default()).expect("slots");
        let read = |replies: Vec<Value>| {
            let told = replies.into_iter().map(|slots| Told {
                address: &own,
                nodes: refusal(),
                slots,
                run: None,
            });
            Topology::read(told, &slots, &NatMap::default())
        };
        let topology = read(vec![range(99)]).ok().expect("it may tell the slots");
        assert!(topology.has_moving_slots());
        assert!(matches!(read(vec![range(98)]), Err(TopologyError::Changed)));
        assert!(matches!(
            read(vec![refusal()]),
            Err(TopologyError::Refused(_))
        ));
        let left = read(vec![range(99), refusal()]);
        assert!(matches!(left, Err(TopologyError::Changed)));
    }

    #[test]
    fn what_the_session_does_not_know_is_told() {
        for other in [
            [" 0-8190", " 8191-16383"],
            [" 0-8191", " 8192-16382"],
            ["", " 8192-16383"],
            [" 0-8191 16383", " 8192-16382"],
            [" 0-8191 5-3", " 8192-16383"],
        ] {
            assert!(
                matches!(read(other), Err(TopologyError::Changed)),
                "{other:?}"
            );
        }
        // The session knows the nodes as `h`.
        for (name, address) in [("name", "10.0.0.2:3"), ("", "10.0.0.2:3"), ("h", "h:3")] {
            let new = read_of(name, [" 0-8191 [5->-cccc]", " 8192-16383"]);
            let Err(TopologyError::NewNodes(nodes)) = new else {
                panic!("not new");
            };
            assert_eq!(nodes[0].to_string(), address);
        }
    }
}
