//! Parts with a 0 between them: a node's reply to `CLUSTER SLOTS`, by which the session knows the
//! cluster, and what its nodes then tell, each the text of `CLUSTER NODES`, or where it does not
//! tell that, its reply to `CLUSTER SLOTS`, which begins with `*` or `-`.

use std::collections::BTreeSet;

use crate::backend::redis::replies::decode;
use crate::backend::redis::slots::{Slots, slot};
use crate::backend::redis::topology::{Told, Topology, TopologyError};
use crate::settings::{Address, NatMap};
use bytes::BytesMut;
use redis::Value;

const SLOTS: usize = 16_384;

fn reply(bytes: &[u8]) -> Value {
    match decode(&mut BytesMut::from(bytes)) {
        Ok(Some(reply)) => reply.into_value(),
        _ => Value::Nil,
    }
}

/// The ranges of a reply that was read: the first slot, the one behind the last, the master's port.
fn ranges(reply: &Value) -> Vec<(usize, usize, u16)> {
    let array = |value: &Value| match value {
        Value::Array(items) => items.clone(),
        other => panic!("it read {other:?}"),
    };
    let number = |value: &Value| match value {
        Value::Int(number) => usize::try_from(*number).expect("it read a negative number"),
        other => panic!("it read {other:?}"),
    };
    let ranges = array(reply).into_iter().map(|range| {
        let [first, last, master] = &array(&range)[..3] else {
            unreachable!();
        };
        let port = number(&array(master)[1]);
        let port = u16::try_from(port).expect("it read a port that is none");
        (number(first), number(last) + 1, port)
    });
    ranges.collect()
}

/// Looks at both ends of all that lies between the ends of ranges.
fn check_slots(reply: &Value, slots: &Slots) {
    let masters: BTreeSet<String> = slots.masters.iter().map(Address::to_string).collect();
    assert_eq!(masters.len(), slots.masters.len());
    let ranges = ranges(reply);
    let ends = ranges.iter().flat_map(|(first, end, _)| [*first, *end]);
    let cuts: BTreeSet<usize> = ends.chain([0, SLOTS]).collect();
    let mut counts = vec![0; slots.masters.len()];
    for (&first, &end) in cuts.iter().zip(cuts.iter().skip(1)) {
        let covers = |range: &&(usize, usize, u16)| range.0 <= first && end <= range.1;
        let port = ranges.iter().rev().find(covers).map(|(_, _, port)| *port);
        for slot in [first, end - 1] {
            let master = slots.holder(slot).map(|number| &slots.masters[number]);
            assert_eq!(master.map(|master| master.port), port, "slot {slot}");
        }
        if let Some(number) = slots.holder(first) {
            counts[number] += end - first;
        }
    }
    assert_eq!(slots.holder(SLOTS), None);
    for (number, count) in counts.into_iter().enumerate() {
        assert_eq!(slots.count(number), count);
    }
}

/// The slots in the node's own line and whether any is being moved.
fn own_slots(text: &[u8]) -> (Vec<usize>, bool) {
    let text = String::from_utf8_lossy(text);
    let own = text
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line).split(' '))
        .find(|line| {
            let flags = line.clone().nth(2).unwrap_or_default();
            format!(",{flags},").contains(",myself,")
        })
        .expect("its own line");
    let (mut slots, mut is_moving) = (Vec::new(), false);
    for range in own.skip(8) {
        if range.starts_with('[') {
            is_moving = true;
            continue;
        }
        let ends: Vec<usize> = range
            .splitn(2, '-')
            .map(|end| end.parse().expect(range))
            .collect();
        slots.extend(ends[0]..=ends[ends.len() - 1]);
    }
    slots.sort_unstable();
    (slots, is_moving)
}

/// Runs one input.
pub fn run(input: &[u8]) {
    let asked = Address {
        host: "asked".to_owned(),
        port: 1,
    };
    let nat_map = NatMap::default();
    let mut parts = input.split(|&byte| byte == 0);
    let known = reply(parts.next().unwrap_or_default());
    assert!(slot(input) < SLOTS);
    let Some(slots) = Slots::parse(&known, &asked, &nat_map) else {
        return;
    };
    check_slots(&known, &slots);
    let parts: Vec<&[u8]> = parts.take(4).collect();
    let tells_nodes = |part: &[u8]| !part.starts_with(b"*") && !part.starts_with(b"-");
    let read = || {
        let told = parts
            .iter()
            .zip(slots.masters.iter().chain(std::iter::repeat(&asked)));
        let told = told.map(|(part, address)| Told {
            address,
            nodes: match tells_nodes(part) {
                true => Value::BulkString(part.to_vec()),
                false => Value::Nil,
            },
            slots: reply(part),
            run: None,
        });
        Topology::read(told, &slots, &nat_map)
    };
    match read() {
        Ok(topology) => {
            assert_eq!(Some(&topology), read().ok().as_ref());
            if !parts.iter().all(|part| tells_nodes(part)) {
                assert!(topology.has_moving_slots());
                return;
            }
            let own: Vec<_> = parts.iter().map(|part| own_slots(part)).collect();
            let is_moving = own.iter().any(|(_, is_moving)| *is_moving);
            assert_eq!(topology.has_moving_slots(), is_moving);
            for (number, (mut told, _)) in own.into_iter().enumerate() {
                assert_eq!(told.len(), slots.count(number));
                told.dedup();
                assert!(told.iter().all(|slot| slots.holder(*slot) == Some(number)));
            }
        }
        Err(TopologyError::NewNodes(nodes)) => assert!(!nodes.is_empty()),
        Err(TopologyError::Refused(_) | TopologyError::Changed) => {}
    }
}
