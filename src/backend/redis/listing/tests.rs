use super::*;
use crate::backend::redis::dialect::Lacks;
use crate::backend::redis::testing::{any_reply, told};
use proptest::prelude::*;
use std::collections::HashMap;

const SERVER: Keyspace = Keyspace {
    session: 1,
    nodes: 1,
    is_cluster: false,
    lacks: Lacks::NONE,
    has_named_user: false,
};

const CLUSTER: Keyspace = Keyspace {
    session: 1,
    nodes: 2,
    is_cluster: true,
    ..SERVER
};

fn later(keyspace: Keyspace) -> Keyspace {
    Keyspace {
        session: keyspace.session + 1,
        ..keyspace
    }
}

fn run(process: &str) -> Option<Run> {
    let info = format!("# Server\r\nrun_id:{process}\r\n# Replication\r\nmaster_replid:d\r\n");
    Run::of_info(&Value::BulkString(info.into()))
}

fn scanned(cursor: &str) -> Value {
    let text = |text: &str| Value::BulkString(text.into());
    Value::Array(vec![text(cursor), Value::Array(vec![text("pi:b:1")])])
}

/// A call that goes on at a cursor: the page, and the words of its command.
fn write(cursor: &str, keyspace: Keyspace) -> (Page, String) {
    let args = Args {
        stem: b"pi",
        first: cursor.as_bytes(),
        second: b"b",
    };
    let mut commands = Commands::default();
    let names = Names::new(&HashMap::new());
    let page = Page::write(args, keyspace, &names, &mut commands);
    let command = commands.iter().next().expect("one command");
    let words = command
        .words
        .iter()
        .map(|word| String::from_utf8_lossy(word));
    let words = words.collect::<Vec<_>>().join(" ");
    let to = match command.target {
        Some(Target::Node(node)) => format!(" to {node}"),
        Some(Target::Topology(_)) => return (page, "topology".to_owned()),
        None => String::new(),
    };
    (page, words.replace(" MATCH pi:b:* COUNT 1000", "") + &to)
}

/// The cursor of a page, and how many keys it has.
fn read(answer: Option<Answer>) -> (String, usize) {
    let Some(Answer::Page(texts)) = answer else {
        panic!("no page: {answer:?}");
    };
    let cursor = String::from_utf8(texts[0].to_vec()).expect("text");
    (cursor, texts.len() - 1)
}

#[test]
fn a_server_is_scanned_to_its_end() {
    let (page, command) = write("-", SERVER);
    assert_eq!(command, "INFO to 0");
    let (cursor, count) = read(page.found(run("a").as_ref(), None));
    assert_eq!(count, 0);
    let (page, command) = write(&cursor, SERVER);
    assert_eq!(command, "SCAN 0 to 0");
    let (cursor, count) = read(page.keys(scanned("7")));
    assert_eq!(count, 1);
    let (page, command) = write(&cursor, SERVER);
    assert_eq!(command, "SCAN 7 to 0");
    assert_eq!(read(page.keys(scanned("0"))), (String::new(), 1));
}

/// The cursor of a listing of one server that was begun with this run, at 7.
fn begun(run: Option<Run>, keyspace: Keyspace) -> String {
    let (page, command) = write("-", keyspace);
    if command.starts_with("SCAN") {
        return read(page.keys(scanned("7"))).0;
    }
    let (cursor, _) = read(page.found(run.as_ref(), None));
    read(write(&cursor, keyspace).0.keys(scanned("7"))).0
}

#[test]
fn on_another_session_it_goes_on_with_the_same_run_and_else_begins_anew() {
    for (before, now, command) in [
        (run("a"), run("a"), "SCAN 7 to 0"),
        (run("a"), run("b"), "SCAN 0 to 0"),
        (run("a"), None, "SCAN 0 to 0"),
        (None, None, "SCAN 0 to 0"),
    ] {
        let cursor = begun(before, SERVER);
        let (page, asked) = write(&cursor, later(SERVER));
        assert_eq!(asked, "INFO to 0");
        let (cursor, _) = read(page.found(now.as_ref(), None));
        assert_eq!(write(&cursor, later(SERVER)).1, command);
    }
}

#[test]
fn a_user_with_few_rights_is_asked_for_nothing_more_before_it_is_of_use() {
    let named = Keyspace {
        has_named_user: true,
        ..SERVER
    };
    let cursor = begun(run("a"), named);
    assert_eq!(write(&cursor, later(named)).1, "INFO to 0");
    let without = Keyspace {
        lacks: Lacks::NONE.with(Feature::Info),
        ..SERVER
    };
    let cursor = begun(None, without);
    assert_eq!(write(&cursor, later(without)).1, "SCAN 0 to 0");
}

/// What a listing of a cluster sends, with empty nodes, until it is over; it is told these topologies.
fn sent(topologies: &[Topology]) -> Vec<String> {
    let mut topologies = topologies.iter();
    let mut sent = Vec::new();
    let mut cursor = "-".to_owned();
    while !cursor.is_empty() {
        let (page, command) = write(&cursor, CLUSTER);
        let answer = match command.as_str() {
            "topology" => page.found(None, topologies.next()),
            _ => page.keys(scanned("0")),
        };
        cursor = read(answer).0;
        sent.push(command);
    }
    assert_eq!(topologies.next(), None);
    sent
}

#[test]
fn every_node_is_walked_once_while_no_slot_moves_and_twice_while_one_does() {
    let calm = || told(1, "");
    let moving = || told(1, " [5->-id2]");
    let pass = ["SCAN 0 to 0", "SCAN 0 to 1", "topology"];
    let once = [&["topology"], &pass[..]].concat();
    let twice = [&once[..], &pass].concat();
    let thrice = [&twice[..], &pass].concat();
    assert_eq!(sent(&[calm(), calm()]), once);
    assert_eq!(sent(&[moving(), moving(), moving()]), twice);
    assert_eq!(sent(&[calm(), told(2, ""), told(2, "")]), twice);
    assert_eq!(sent(&[calm(), moving(), moving(), moving()]), thrice);
}

#[test]
fn on_another_session_with_a_cluster_it_begins_anew_where_its_nodes_do_not_tell_their_runs() {
    let (cursor, _) = read(write("-", CLUSTER).0.found(None, Some(&told(1, ""))));
    let (cursor, _) = read(write(&cursor, CLUSTER).0.keys(scanned("0")));
    assert_eq!(write(&cursor, CLUSTER).1, "SCAN 0 to 1");
    let (page, asked) = write(&cursor, later(CLUSTER));
    assert_eq!(asked, "topology");
    let (cursor, _) = read(page.found(None, Some(&told(1, ""))));
    assert_eq!(write(&cursor, later(CLUSTER)).1, "SCAN 0 to 0");
}

proptest! {
    #[test]
    fn no_cursor_and_no_reply_make_it_panic(
        cursor in r"([0-9]{1,20}\.){0,5}[0-9-]{0,20}", reply in any_reply(),
    ) {
        for keyspace in [SERVER, CLUSTER] {
            let (page, _) = write(&cursor, keyspace);
            page.keys(reply.clone());
            page.found(None, None);
        }
    }

    #[test]
    fn positions_read_back(numbers: [u32; 5]) {
        let [session, place, pass, node, cursor] = numbers.map(u64::from);
        let position = Position { session, place, pass, node: node as usize, cursor };
        prop_assert_eq!(Position::read(position.to_string().as_bytes()), Some(position));
    }
}
