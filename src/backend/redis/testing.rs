//! Replies for the property tests: what Redis gives, and what it never does.

use proptest::prelude::*;
use redis::Value;

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
