use super::*;
use crate::store::testing::{any_reply, refusal};
use proptest::prelude::*;
use std::collections::HashMap;

fn sent(wipe: &mut Wipe) -> String {
    let packed = wipe.next(&Names::new(&HashMap::new()), 1).into_bytes();
    let words = String::from_utf8(packed).unwrap();
    let words: Vec<_> = words
        .split("\r\n")
        .filter(|word| !word.starts_with(['$', '*']) && !word.is_empty())
        .collect();
    words.join(" ").replace(" COUNT 1000", "")
}

fn text(value: &str) -> Value {
    Value::BulkString(value.into())
}

fn texts(values: &[&str]) -> Value {
    Value::Array(values.iter().map(|value| text(value)).collect())
}

fn scanned(cursor: &str, keys: &[&str]) -> Value {
    Value::Array(vec![text(cursor), texts(keys)])
}

fn advance(wipe: &mut Wipe, replies: Vec<Value>) -> Result<Step, Error> {
    let step = wipe.advance(
        replies.into_iter().map(Reply::from).collect(),
        &"s:1".into(),
    );
    wipe.count = 1_000;
    step
}

#[test]
fn a_page_is_deleted_while_the_next_is_read() {
    let mut wipe = Wipe::new(b"i");
    assert_eq!(sent(&mut wipe), "SCAN 0 MATCH i:[be]:*");
    advance(&mut wipe, vec![scanned("7", &["i:b:1"])]).unwrap();
    assert_eq!(sent(&mut wipe), "MGET i:b:1 SCAN 7 MATCH i:[be]:*");
    advance(&mut wipe, vec![texts(&["x"]), scanned("0", &["i:e:x"])]).unwrap();
    assert_eq!(sent(&mut wipe), "UNLINK i:b:1 MGET i:e:x");
    advance(&mut wipe, vec![Value::Int(1), texts(&["1"])]).unwrap();
    assert_eq!(sent(&mut wipe), "UNLINK i:e:x");
    assert_eq!(advance(&mut wipe, vec![Value::Int(1)]), Ok(Step::Done));
}

#[test]
fn a_key_that_may_be_anothers_goes_with_its_other_half_or_not_at_all() {
    let mut wipe = Wipe::new(b"a");
    sent(&mut wipe);
    let keys = ["a:b:x:b:1", "a:e:v", "a:b:x:b:2"];
    advance(&mut wipe, vec![scanned("0", &keys)]).unwrap();
    sent(&mut wipe);
    advance(&mut wipe, vec![texts(&["v", "x:b:1", "w"])]).unwrap();
    assert_eq!(sent(&mut wipe), "MGET a:e:v a:b:x:b:1 a:e:w");
    let others = Value::Array(vec![text("x:b:1"), text("v"), Value::Nil]);
    advance(&mut wipe, vec![others]).unwrap();
    assert_eq!(sent(&mut wipe), "UNLINK a:e:v a:b:x:b:1 a:b:x:b:1 a:e:v");
    assert_eq!(advance(&mut wipe, vec![Value::Int(2)]), Ok(Step::Done));
}

#[test]
fn a_server_without_unlink_gets_del() {
    let mut wipe = Wipe::new(b"i");
    wipe.walk = Walk {
        cursor: Some(0),
        doomed: vec![b"i:b:1".to_vec()],
        ..Walk::default()
    };
    assert_eq!(sent(&mut wipe), "UNLINK i:b:1");
    let unknown = refusal("ERR unknown command 'UNLINK'");
    assert_eq!(advance(&mut wipe, vec![unknown]), Ok(Step::More));
    assert_eq!(sent(&mut wipe), "DEL i:b:1");
    assert_eq!(advance(&mut wipe, vec![Value::Int(1)]), Ok(Step::Done));
}

#[test]
fn an_error_reply_ends_the_walk() {
    let mut wipe = Wipe::new(b"i");
    sent(&mut wipe);
    let error = advance(&mut wipe, vec![refusal("NOPERM no SCAN for you")]).unwrap_err();
    assert_eq!(error.code(), "NOPERM");
}

#[test]
fn several_masters_are_walked_until_a_walk_deletes_nothing() {
    let mut wipe = Wipe::new(b"i");
    let names = Names::new(&HashMap::new());
    let mut walked = Vec::new();
    for (found, step) in [
        (&["i:b:1"][..], Step::More),
        (&[], Step::More),
        (&[], Step::More),
        (&[], Step::Done),
    ] {
        walked.push(wipe.master());
        wipe.next(&names, 2);
        let mut came = advance(&mut wipe, vec![scanned("0", found)]).unwrap();
        if !found.is_empty() {
            wipe.next(&names, 2);
            advance(&mut wipe, vec![texts(&["x"])]).unwrap();
            wipe.next(&names, 2);
            came = advance(&mut wipe, vec![Value::Int(1)]).unwrap();
        }
        assert_eq!(came, step);
    }
    assert_eq!(walked, [0, 1, 0, 1]);
}

#[test]
fn a_page_with_too_few_values_is_no_answer() {
    let mut wipe = Wipe::new(b"i");
    sent(&mut wipe);
    advance(&mut wipe, vec![scanned("0", &["i:b:1", "i:e:x"])]).unwrap();
    sent(&mut wipe);
    let error = advance(&mut wipe, vec![texts(&["x"])]).unwrap_err();
    assert_eq!(error.code(), "PROTOCOL");
}

/// The reply to a step, mostly of the kind that Redis gives.
fn any_step() -> impl Strategy<Value = Vec<Value>> {
    let keys = prop::collection::vec("i:[be]:[b:e1]{0,6}", 0..4);
    let page = (0..3_u32, keys).prop_map(|(cursor, keys)| {
        let keys = Value::Array(keys.iter().map(|key| text(key)).collect());
        Value::Array(vec![text(&cursor.to_string()), keys])
    });
    let found = prop::collection::vec("[b:e1]{0,6}", 0..4)
        .prop_map(|found| Value::Array(found.iter().map(|value| text(value)).collect()));
    let reply = prop_oneof![page, found, Just(Value::Int(1)), any_reply()];
    prop::collection::vec(reply, 0..5)
}

proptest! {
    #[test]
    fn no_replies_make_the_walk_panic_or_leave_its_stem(
        steps in prop::collection::vec(any_step(), 1..8),
    ) {
        let mut wipe = Wipe::new(b"i");
        for replies in steps {
            let _ = wipe.next(&Names::new(&HashMap::new()), 1);
            match wipe.advance(replies.into_iter().map(Reply::from).collect(), &"s:1".into()) {
                Ok(Step::More) => {}
                Ok(Step::Done) => break,
                Err(error) => {
                    prop_assert!(error.to_string().contains("s:1"));
                    wipe.restart();
                }
            }
            for key in &wipe.walk.doomed {
                prop_assert!(key::parse(b"i", key).is_some(), "{:?}", String::from_utf8_lossy(key));
            }
        }
    }
}
