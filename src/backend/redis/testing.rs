//! Replies for the property tests: what Redis gives, and what it never does.

use proptest::prelude::*;
use redis::Value;

use super::slots::Slots;
use super::topology::{Told, Topology};
use crate::settings::{Address, NatMap};

/// An error reply.
pub(super) fn refusal(text: &str) -> Value {
    redis::parse_redis_value(format!("-{text}\r\n").as_bytes()).unwrap()
}

/// Any reply, nested ones included.
pub(super) fn any_reply() -> impl Strategy<Value = Value> {
    let one = prop_oneof![
        Just(Value::Nil),
        Just(Value::Okay),
        any::<i64>().prop_map(Value::Int),
        prop_oneof!["[0-9]{1,20}", "i:[be]:[b:e1]{0,6}", ".{0,9}"]
            .prop_map(|text| Value::BulkString(text.into())),
        any::<Vec<u8>>().prop_map(Value::BulkString),
        any::<String>().prop_map(Value::SimpleString),
        any::<f64>().prop_map(Value::Double),
        "[A-Z]{0,9} [ -~]{0,9}".prop_map(|text| refusal(&text)),
        Just(refusal("ERR unknown command 'UNLINK'")),
    ];
    one.prop_recursive(3, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Set),
            prop::collection::vec((inner.clone(), inner), 0..3).prop_map(Value::Map),
        ]
    })
}

/// The topology of a cluster of two nodes with that epoch.
pub(super) fn told(epoch: u8, moving: &str) -> Topology {
    let text = |n, first: i64, last| {
        format!("id{n} h:{n} myself,master - 0 0 {epoch} connected {first}-{last}{moving}\n")
    };
    let range = |first, last, port| {
        let node = Value::Array(vec![text_of("h"), Value::Int(port)]);
        Value::Array(vec![Value::Int(first), Value::Int(last), node])
    };
    fn text_of(value: &str) -> Value {
        Value::BulkString(value.into())
    }
    let addresses = [1, 2].map(|port| Address {
        host: "h".to_owned(),
        port,
    });
    let reply = Value::Array(vec![range(0, 99, 1), range(100, 199, 2)]);
    let slots = Slots::parse(&reply, &addresses[0], &NatMap::default()).unwrap();
    let texts = [text(1, 0, 99), text(2, 100, 199)];
    let told = texts.iter().zip(&addresses).map(|(text, address)| Told {
        address,
        nodes: text_of(text),
        slots: Value::Nil,
        run: None,
    });
    Topology::read(told, &slots, &NatMap::default())
        .ok()
        .unwrap()
}
