//! The last connection of a link to each server, as that names it, so that the next one can end it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::backend::locked::locked;

/// How a server names a connection: a number, and the address that it sees. Both, since a server
/// that was restarted counts anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    pub address: String,
}

impl Client {
    /// Reads the reply to `CLIENT INFO`: `id=7 addr=127.0.0.1:50000 laddr=… fd=8 …`. The address may be
    /// the path of a Unix socket, which is that of both ends, with anything in it: of the places where it
    /// could end, the last one is right, as no field behind it holds a space.
    pub fn parse(info: &str) -> Option<Client> {
        let (id, rest) = info.strip_prefix("id=")?.split_once(" addr=")?;
        let is_path = |(at, _): &(usize, &str)| {
            let (address, after) = rest.split_at(*at);
            let own = after.strip_prefix(" laddr=");
            let after = own.and_then(|own| own.strip_prefix(address));
            after.is_some_and(|after| after.starts_with(" fd="))
        };
        let (address, _) = match rest.rmatch_indices(" laddr=").find(is_path) {
            Some((at, _)) => rest.split_at(at),
            None => rest.split_once(" laddr=")?,
        };
        Some(Client {
            id: id.to_owned(),
            address: address.to_owned(),
        })
    }
}

/// The last connections, by server.
#[derive(Debug, Default)]
pub struct Predecessors(Mutex<HashMap<Arc<str>, Client>>);

impl Predecessors {
    /// The last connection to a server.
    pub fn of(&self, server: &str) -> Option<Client> {
        let all = locked(&self.0);
        all.get(server).cloned()
    }

    /// Keeps a connection as the last one to a server.
    pub fn keep(&self, server: &Arc<str>, client: Client) {
        locked(&self.0).insert(server.clone(), client);
    }

    /// The last connection to a server is ended, as far as it can be.
    pub fn forget(&self, server: &str) {
        locked(&self.0).remove(server);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_known_by_its_number_and_address() {
        let named = Client {
            id: "7".to_owned(),
            address: "127.0.0.1:50000".to_owned(),
        };
        let info = "id=7 addr=127.0.0.1:50000 laddr=127.0.0.1:6379 fd=8 name= age=0 user=default\n";
        assert_eq!(Client::parse(info), Some(named));
        let over_a_socket = "id=8 addr=/run/a b/r.sock:0 laddr=/run/a b/r.sock:0 fd=9 name=\n";
        let named = Client::parse(over_a_socket).expect("it has both fields");
        assert_eq!(named.address, "/run/a b/r.sock:0");
        for path in [
            "/run/id=1 addr=a:0 laddr=b:0 fd=9/r.sock:0",
            "a:0 laddr=a:0 fd=9/r.sock:0",
        ] {
            let odd = format!("id=8 addr={path} laddr={path} fd=9 name=\n");
            assert_eq!(
                Client::parse(&odd).map(|named| named.address).as_deref(),
                Some(path)
            );
        }
        assert_eq!(Client::parse("laddr=127.0.0.1:6379 id=7"), None);
        assert_eq!(Client::parse(""), None);
    }
}
