//! `text\nasked`: how a node writes an address, and the host of the node that was asked.

use crate::settings::{Address, Endpoint, NatMap};
use crate::texts;

/// As it is read by hand: the port behind the last colon, the host before it without its brackets.
fn expected(text: &str, asked: &str) -> Option<Address> {
    let colon = text.char_indices().rev().find(|(_, c)| *c == ':')?.0;
    let port = text[colon + 1..].parse().ok()?;
    let mut host = &text[..colon];
    while host.starts_with('[') {
        host = &host[1..];
    }
    while host.ends_with(']') {
        host = &host[..host.len() - 1];
    }
    let is_left_out = host.is_empty() || host == "?";
    let host = if is_left_out { asked } else { host };
    Some(Address {
        host: host.to_owned(),
        port,
    })
}

/// Runs one input.
pub fn run(input: &[u8]) {
    let [text, asked] = texts(input, b'\n');
    let address = Address::parse(&text, &asked);
    assert_eq!(address, expected(&text, &asked));
    let Some(address) = address else {
        return;
    };
    let written = address.to_string();
    if address.host != asked {
        assert_eq!(Address::parse(&written, ""), Some(address.clone()));
    }
    let outside = Address {
        host: "outside".to_owned(),
        port: 1,
    };
    let nat_map = NatMap([(written.clone(), outside.clone())].into());
    assert_eq!(nat_map.reach(address.clone()), outside);
    assert_eq!(NatMap::default().reach(address.clone()), address);
    let endpoint = Endpoint::Tcp {
        address,
        family: None,
    };
    assert_eq!(*endpoint.label(), *written);
}
