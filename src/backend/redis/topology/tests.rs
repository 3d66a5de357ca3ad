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
