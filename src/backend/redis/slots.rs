//! Which master of a cluster holds which key.

use redis::Value;

use crate::settings::{Address, NatMap};

/// How many slots a cluster has.
const SLOTS: usize = 16_384;

/// The slot of a key: that of its hash tag, the text between the first `{` and the next `}`, when
/// there is one.
pub(super) fn slot(key: &[u8]) -> usize {
    let tag = key.iter().position(|&byte| byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        let close = rest.iter().position(|&byte| byte == b'}')?;
        (close > 0).then(|| &rest[..close])
    });
    usize::from(crc16::State::<crc16::XMODEM>::calculate(tag.unwrap_or(key))) % SLOTS
}

/// The masters, and the number of each slot's own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slots {
    pub masters: Vec<Address>,
    owners: Vec<Option<u16>>,
}

impl Slots {
    /// Nobody holds any.
    pub(super) fn none() -> Slots {
        Slots {
            masters: Vec::new(),
            owners: Vec::new(),
        }
    }

    /// Reads the reply to `CLUSTER SLOTS` of the node `asked`. `None` when it is no such reply.
    pub(super) fn parse(reply: &Value, asked: &Address, nat_map: &NatMap) -> Option<Slots> {
        let Value::Array(ranges) = reply else {
            return None;
        };
        let mut slots = Slots {
            masters: Vec::new(),
            owners: vec![None; SLOTS],
        };
        for range in ranges {
            let Value::Array(parts) = range else {
                return None;
            };
            let [
                Value::Int(first),
                Value::Int(last),
                Value::Array(master),
                ..,
            ] = parts.as_slice()
            else {
                return None;
            };
            let own = u16::try_from(slots.number(address(master, asked, nat_map)?)).ok()?;
            let range = usize::try_from(*first).ok()?..=usize::try_from(*last).ok()?;
            slots.owners.get_mut(range)?.fill(Some(own));
        }
        Some(slots)
    }

    fn number(&mut self, address: Address) -> usize {
        let known = self.masters.iter().position(|master| *master == address);
        known.unwrap_or_else(|| {
            self.masters.push(address);
            self.masters.len() - 1
        })
    }

    /// The number of the master that holds a key, `None` when no master holds its slot.
    pub(super) fn owner(&self, key: &[u8]) -> Option<usize> {
        self.holder(slot(key))
    }

    /// The number of the master that holds a slot, `None` when there is none.
    pub(super) fn holder(&self, slot: usize) -> Option<usize> {
        self.owners.get(slot).copied().flatten().map(usize::from)
    }

    /// Whether another one has each slot at the same master.
    pub(super) fn agrees_with(&self, other: &Slots) -> bool {
        let master = |slots: &Slots, slot| {
            let holder = slots.holder(slot)?;
            slots.masters.get(holder).cloned()
        };
        (0..SLOTS).all(|slot| master(self, slot) == master(other, slot))
    }

    /// How many slots a master holds.
    pub(super) fn count(&self, number: usize) -> usize {
        let own = |owner: &&Option<u16>| owner.map(usize::from) == Some(number);
        self.owners.iter().filter(own).count()
    }
}

/// A node of the reply; one without a host, or with an unknown one, has that of the node that was asked.
fn address(node: &[Value], asked: &Address, nat_map: &NatMap) -> Option<Address> {
    let [host, Value::Int(port), ..] = node else {
        return None;
    };
    let host = match host {
        Value::BulkString(host) if !host.is_empty() && host != b"?" => {
            String::from_utf8(host.clone()).ok()?
        }
        _ => asked.host.clone(),
    };
    let port = u16::try_from(*port).ok()?;
    Some(nat_map.reach(Address { host, port }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_slot_that_redis_gives_it() {
        // By CLUSTER KEYSLOT of Redis 7.0.
        for (key, expected) in [
            ("foo", 12182),
            ("i:b:1", 3269),
            ("{tag}:b:1", 8338),
            ("tag", 8338),
            ("a{}b", 13694),
            ("", 0),
        ] {
            assert_eq!(slot(key.as_bytes()), expected, "{key}");
        }
    }

    fn node(host: &str, port: i64) -> Value {
        Value::Array(vec![Value::BulkString(host.into()), Value::Int(port)])
    }

    fn range(first: i64, last: i64, master: Value) -> Value {
        Value::Array(vec![Value::Int(first), Value::Int(last), master])
    }

    #[test]
    fn masters_are_named_by_whom_was_asked_and_mapped() {
        let asked = Address {
            host: "asked".to_owned(),
            port: 1,
        };
        let outside = Address {
            host: "outside".to_owned(),
            port: 9,
        };
        let nat_map = NatMap([("inside:2".to_owned(), outside.clone())].into());
        let reply = Value::Array(vec![
            range(0, 99, node("", 1)),
            range(100, 16_382, node("inside", 2)),
        ]);
        let slots = Slots::parse(&reply, &asked, &nat_map).unwrap();
        assert_eq!(slots.masters, [asked.clone(), outside]);
        assert_eq!(slots.owner(b""), Some(0));
        assert_eq!(slots.owner(b"foo"), Some(1));
        for nonsense in [
            Value::Nil,
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![range(0, 16_384, node("h", 1))]),
            Value::Array(vec![range(5, 1, node("h", 70_000))]),
        ] {
            assert_eq!(Slots::parse(&nonsense, &asked, &nat_map), None);
        }
    }
}
