//! Who holds what in a cluster and what is being moved, as its nodes themselves tell.

use redis::Value;

use super::slots::Slots;
use crate::error::Error;
use crate::settings::{Address, NatMap};

/// What each node of a session told of itself. Two of them are equal when nothing has changed between
/// them: each change of a slot's owner raises an epoch, which is part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    nodes: Vec<String>,
    has_moving_slots: bool,
}

/// Why there is none.
pub enum TopologyError {
    /// A node refused to tell.
    Refused(Error),
    /// The nodes tell otherwise than the session knows.
    Changed,
    /// Slots are on the way to nodes that the session does not know.
    NewNodes(Vec<Address>),
}

/// What one node tells of itself.
struct Own<'a> {
    id: &'a str,
    /// Its slots, and those on the way to or from other nodes: `[1->-id]` or `[1-<-id]`.
    slots: Vec<&'a str>,
    moving: Vec<&'a str>,
    told: String,
}

impl Topology {
    /// Reads the replies to `CLUSTER NODES` of the nodes of a session, each with its address.
    pub fn read<'a>(
        replies: impl Iterator<Item = (Value, &'a Address)>,
        slots: &Slots,
        nat_map: &NatMap,
    ) -> Result<Topology, TopologyError> {
        let mut texts = Vec::new();
        for (reply, address) in replies {
            let text = match reply {
                Value::ServerError(error) => {
                    let server = address.to_string().into();
                    return Err(TopologyError::Refused(Error::from_reply(&server, &error)));
                }
                Value::BulkString(text) => String::from_utf8_lossy(&text).into_owned(),
                // A proxy in front of it, which may answer as it likes but alike.
                other => {
                    let nodes = vec![format!("{other:?}")];
                    return Ok(Topology {
                        nodes,
                        has_moving_slots: false,
                    });
                }
            };
            texts.push((text, address));
        }
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
                new.extend(address_of(id, text, asked).map(|address| nat_map.reach(address)));
            }
        }
        if !new.is_empty() {
            return Err(TopologyError::NewNodes(new));
        }
        Ok(Topology {
            has_moving_slots: own.iter().any(|node| !node.moving.is_empty()),
            nodes: own.into_iter().map(|node| node.told).collect(),
        })
    }

    /// Whether a slot is being moved: its keys go from node to node one by one.
    pub fn has_moving_slots(&self) -> bool {
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
        let [id, _, flags, master, _, _, epoch, _] = about else {
            return None;
        };
        let (moving, slots) = slots.iter().partition(|slot| slot.starts_with('['));
        Some(Own {
            id,
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
            if !(first..=last).all(|slot| known.holder(slot) == Some(number)) {
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

/// The address of a node by its id; without a host it is that of who was asked.
fn address_of(id: &str, text: &str, asked: &Address) -> Option<Address> {
    let line = text.lines().find(|line| line.starts_with(id))?;
    // ip:port@cport,hostname
    let address = line.split(' ').nth(1)?.split(['@', ',']).next()?;
    Address::parse(address, &asked.host)
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
        let range = |first, last, port| {
            let node = Value::Array(vec![Value::BulkString("h".into()), Value::Int(port)]);
            Value::Array(vec![Value::Int(first), Value::Int(last), node])
        };
        let reply = Value::Array(vec![range(0, 8_191, 1), range(8_192, 16_383, 2)]);
        let slots = Slots::parse(&reply, &address(1), &NatMap::default()).expect("slots");
        let line = |n: usize, flags, end| {
            format!(
                "{} 10.0.0.{n}:{n}@1{n},name {flags} - 0 0 {n} connected{end}\n",
                ID[n]
            )
        };
        let [first, second] = ends;
        let texts = [
            line(0, "myself,master", first) + &line(1, "master", "") + &line(2, "master", ""),
            line(0, "master", "") + &line(1, "myself,master", second) + &line(2, "master", ""),
        ];
        let addresses = [address(1), address(2)];
        let replies = texts.into_iter().map(|text| Value::BulkString(text.into()));
        Topology::read(replies.zip(&addresses), &slots, &NatMap::default())
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
    fn what_the_session_does_not_know_is_told() {
        for other in [
            [" 0-8190", " 8191-16383"],
            [" 0-8191", " 8192-16382"],
            ["", " 8192-16383"],
            [" 0-8191 16383", " 8192-16382"],
        ] {
            assert!(
                matches!(read(other), Err(TopologyError::Changed)),
                "{other:?}"
            );
        }
        let new = read([" 0-8191 [5->-cccc]", " 8192-16383"]);
        let Err(TopologyError::NewNodes(nodes)) = new else {
            panic!("not new");
        };
        assert_eq!(nodes[0].to_string(), "10.0.0.2:2");
    }
}
