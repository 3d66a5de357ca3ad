//! `address\nits own\nrest`: the fields of a reply to `CLIENT INFO`, which is also read as it is.

use crate::backend::redis::fence::Client;
use crate::texts;

const FIELD: &str = " laddr=";

fn address(info: &str) -> Option<String> {
    Client::parse(info).map(|client| client.address)
}

/// Runs one input.
pub fn run(input: &[u8]) {
    let info = String::from_utf8_lossy(input);
    if let Some(Client { id, address }) = Client::parse(&info) {
        assert!(info.starts_with(&format!("id={id} addr={address}{FIELD}")));
    }
    let [path, own, rest] = texts(input, b'\n');
    // No field behind it holds a space.
    let rest = rest.replace(' ', "_");
    let info = format!("id=7 addr={path}{FIELD}{path} fd=8 name={rest}\n");
    assert_eq!(address(&info), Some(path.clone()));
    let [peer, own] = [path, own].map(|address| address.replace(' ', "_"));
    let info = format!("id=7 addr={peer}{FIELD}{own} fd=8 name={rest}\n");
    assert_eq!(address(&info), Some(peer));
}
