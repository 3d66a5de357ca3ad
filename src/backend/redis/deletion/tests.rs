use super::*;
use crate::backend::Deletion as _;
use crate::backend::redis::testing::{any_reply, refusal, told};
use crate::key;
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::HashMap;

thread_local! {
    /// What the last step told that the server lacks.
    static LEARNED: Cell<Lacks> = const { Cell::new(Lacks::NONE) };
}

/// One server, in its session of that number.
fn server(session: u64) -> Keyspace {
    Keyspace {
        session,
        nodes: 1,
        is_cluster: false,
        lacks: LEARNED.get(),
        has_named_user: true,
    }
}

const CLUSTER: Keyspace = Keyspace {
    session: 0,
    nodes: 2,
    is_cluster: true,
    lacks: Lacks::NONE,
    has_named_user: true,
};

/// What the next step sends, and to which node.
fn sent_over(deletion: &mut Deletion, keyspace: Keyspace) -> (String, usize) {
    let names = Names::new(&HashMap::new());
    let (commands, node) = match deletion.next(&names, keyspace, &"s:1".into()).unwrap() {
        Sends::Commands(commands, node) => (commands, node),
        Sends::Topology(_) => return ("topology".to_owned(), 0),
    };
    let words = String::from_utf8(commands.into_bytes()).unwrap();
    let words: Vec<_> = words
        .split("\r\n")
        .filter(|word| !word.starts_with(['$', '*']) && !word.is_empty())
        .collect();
    (words.join(" ").replace(" COUNT 1000", ""), node)
}

fn sent(deletion: &mut Deletion) -> String {
    sent_over(deletion, server(0)).0
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

fn advance(deletion: &mut Deletion, replies: Vec<Value>) -> Result<Step, Error> {
    let dialect = Dialect::new("s:1".into());
    let step = deletion.advance(replies.into_iter().map(Reply::from).collect(), &dialect);
    LEARNED.set(dialect.lacks());
    deletion.count = 1_000;
    step
}

#[test]
fn a_page_is_deleted_while_the_next_is_read() {
    let mut deletion = Deletion::new(b"i");
    assert_eq!(sent(&mut deletion), "SCAN 0 MATCH i:[be]:*");
    advance(&mut deletion, vec![scanned("7", &["i:b:1"])]).unwrap();
    assert_eq!(sent(&mut deletion), "MGET i:b:1 SCAN 7 MATCH i:[be]:*");
    advance(&mut deletion, vec![texts(&["x"]), scanned("0", &["i:e:x"])]).unwrap();
    assert_eq!(sent(&mut deletion), "UNLINK i:b:1 MGET i:e:x");
    advance(&mut deletion, vec![Value::Int(1), texts(&["1"])]).unwrap();
    assert_eq!(sent(&mut deletion), "UNLINK i:e:x");
    assert_eq!(advance(&mut deletion, vec![Value::Int(1)]), Ok(Step::Done));
}

#[test]
fn a_key_that_may_be_anothers_goes_with_its_other_half_or_not_at_all() {
    let mut deletion = Deletion::new(b"a");
    sent(&mut deletion);
    let keys = ["a:b:x:b:1", "a:e:v", "a:b:x:b:2"];
    advance(&mut deletion, vec![scanned("0", &keys)]).unwrap();
    sent(&mut deletion);
    advance(&mut deletion, vec![texts(&["v", "x:b:1", "w"])]).unwrap();
    assert_eq!(sent(&mut deletion), "MGET a:e:v a:b:x:b:1 a:e:w");
    let others = Value::Array(vec![text("x:b:1"), text("v"), Value::Nil]);
    advance(&mut deletion, vec![others]).unwrap();
    assert_eq!(
        sent(&mut deletion),
        "UNLINK a:e:v a:b:x:b:1 a:b:x:b:1 a:e:v"
    );
    assert_eq!(advance(&mut deletion, vec![Value::Int(2)]), Ok(Step::Done));
}

#[test]
fn a_server_without_unlink_gets_del() {
    let mut deletion = Deletion::new(b"i");
    sent(&mut deletion);
    advance(&mut deletion, vec![scanned("0", &["i:b:1"])]).unwrap();
    sent(&mut deletion);
    advance(&mut deletion, vec![texts(&["x"])]).unwrap();
    assert_eq!(sent(&mut deletion), "UNLINK i:b:1");
    let unknown = refusal("ERR unknown command 'UNLINK'");
    assert_eq!(advance(&mut deletion, vec![unknown]), Ok(Step::More));
    assert_eq!(sent(&mut deletion), "DEL i:b:1");
    assert_eq!(advance(&mut deletion, vec![Value::Int(1)]), Ok(Step::Done));
}

#[test]
fn another_session_is_walked_from_the_start() {
    let mut deletion = Deletion::new(b"i");
    sent(&mut deletion);
    advance(&mut deletion, vec![scanned("7", &["i:b:1"])]).unwrap();
    assert!(deletion.is_at_start(1));
    let (words, _) = sent_over(&mut deletion, server(1));
    assert_eq!(words, "SCAN 0 MATCH i:[be]:*");
    assert!(!deletion.is_at_start(1));
}

#[test]
fn a_pair_that_was_confirmed_is_remembered_until_it_is_gone() {
    let mut deletion = Deletion::new(b"a");
    sent(&mut deletion);
    advance(&mut deletion, vec![scanned("0", &["a:b:x:b:1"])]).unwrap();
    sent(&mut deletion);
    advance(&mut deletion, vec![texts(&["v"])]).unwrap();
    sent(&mut deletion);
    advance(&mut deletion, vec![texts(&["x:b:1"])]).unwrap();
    assert_eq!(sent(&mut deletion), "UNLINK a:e:v a:b:x:b:1");
    // Lost, with one of them carried out: what is left is no pair any more, and is known all the same.
    let (words, _) = sent_over(&mut deletion, server(1));
    assert_eq!(words, "MGET a:e:v a:b:x:b:1 SCAN 0 MATCH a:[be]:*");
    let left = Value::Array(vec![Value::Nil, text("v")]);
    let replies = vec![left, scanned("0", &["a:b:x:b:1"])];
    advance(&mut deletion, replies).unwrap();
    let (words, _) = sent_over(&mut deletion, server(1));
    assert_eq!(words, "UNLINK a:b:x:b:1 MGET a:b:x:b:1");
    // Meanwhile somebody saved it anew.
    let (words, _) = sent_over(&mut deletion, server(2));
    assert_eq!(words, "MGET a:b:x:b:1 SCAN 0 MATCH a:[be]:*");
    let replies = vec![texts(&["w"]), scanned("0", &[])];
    assert_eq!(advance(&mut deletion, replies), Ok(Step::Done));
}

#[test]
fn an_error_reply_ends_the_walk() {
    let mut deletion = Deletion::new(b"i");
    sent(&mut deletion);
    let error = advance(&mut deletion, vec![refusal("NOPERM no SCAN for you")]).unwrap_err();
    assert_eq!(error.code(), "NOPERM");
}

/// The nodes that are walked, with empty pages, until the deletion ends; `told` are the topologies.
fn walked(told: &[Topology], deletion: &mut Deletion) -> Result<Vec<usize>, Error> {
    let (mut nodes, mut told) = (Vec::new(), told.iter());
    loop {
        let step = match sent_over(deletion, CLUSTER) {
            (words, _) if words == "topology" => {
                let told = told.next().unwrap();
                deletion.compare(told.clone(), &"s:1".into())?
            }
            (_, node) => {
                nodes.push(node);
                advance(deletion, vec![scanned("0", &[])])?
            }
        };
        if step == Step::Done {
            return Ok(nodes);
        }
    }
}

#[test]
fn every_node_is_walked_once_while_no_slot_moves_and_twice_while_one_does() {
    let calm = || told(1, "");
    let moving = || told(1, " [5->-id2]");
    let nodes = walked(&[calm(), calm()], &mut Deletion::new(b"i"));
    assert_eq!(nodes, Ok(vec![0, 1]));
    let nodes = walked(&[moving(), moving(), moving()], &mut Deletion::new(b"i"));
    assert_eq!(nodes, Ok(vec![0, 1, 0, 1]));
    for changed in [told(2, ""), moving()] {
        let error = walked(&[calm(), changed], &mut Deletion::new(b"i")).unwrap_err();
        assert!(error.is_transient(), "walked over on another session");
    }
}

#[test]
fn a_page_with_too_few_values_is_no_answer() {
    let mut deletion = Deletion::new(b"i");
    sent(&mut deletion);
    advance(&mut deletion, vec![scanned("0", &["i:b:1", "i:e:x"])]).unwrap();
    sent(&mut deletion);
    let error = advance(&mut deletion, vec![texts(&["x"])]).unwrap_err();
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

/// Redis's glob matching, as far as the patterns of this module use it.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*'] => true,
        [b'\\', literal, rest @ ..] => text.first() == Some(literal) && matches(rest, &text[1..]),
        [b'[', b'b', b'e', b']', rest @ ..] => {
            matches!(text.first(), Some(b'b' | b'e')) && matches(rest, &text[1..])
        }
        [literal, rest @ ..] => {
            assert!(!b"*?[]".contains(literal), "an unescaped {literal}");
            text.first() == Some(literal) && matches(rest, &text[1..])
        }
    }
}

proptest! {
    #[test]
    fn the_pattern_is_literal(stem in r"[ab*?\[\]\\^-]{0,6}", other in r"[ab*?\[\]\\^-]{0,6}") {
        let key = key::of(other.as_bytes(), key::Half::Botmatic, b"1");
        prop_assert_eq!(
            matches(&pattern(stem.as_bytes(), b":[be]:*"), &key),
            key::parse(stem.as_bytes(), &key).is_some()
        );
    }

    #[test]
    fn no_replies_make_the_walk_panic_or_leave_its_stem(
        steps in prop::collection::vec(any_step(), 1..8),
    ) {
        let mut deletion = Deletion::new(b"i");
        let mut session = 0;
        for replies in steps {
            let names = Names::new(&HashMap::new());
            let _ = deletion.next(&names, server(session), &"s:1".into());
            let dialect = Dialect::new("s:1".into());
            match deletion.advance(replies.into_iter().map(Reply::from).collect(), &dialect) {
                Ok(Step::More) => {}
                Ok(Step::Done) => break,
                Err(error) => {
                    prop_assert!(error.to_string().contains("s:1"));
                    session += 1;
                }
            }
            for key in &deletion.walk.page.doomed {
                prop_assert!(key::parse(b"i", key).is_some(), "{:?}", String::from_utf8_lossy(key));
            }
        }
    }
}
