//! What a session is made with.

mod tls;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use tls::{Tls, TlsOptions};

/// Where the server is.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// A TCP port.
    Tcp {
        /// Where it listens.
        address: Address,
        /// Which addresses of the name to use, all when `None`.
        family: Option<Family>,
    },
    /// A Unix domain socket.
    Unix(PathBuf),
    /// The master that sentinels name.
    Sentinel(Sentinel),
    /// The masters of a Redis Cluster.
    Cluster(Cluster),
    /// None: an embedded database in a file.
    File(File),
    /// None: an embedded database in memory.
    Memory,
}

/// An embedded database in a file.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it is, as it was given.
    pub path: PathBuf,
    /// Whether a change is on the disk before its call is answered; else it is a little later.
    pub is_durable: bool,
    /// How much of it is cached in memory, in bytes.
    pub cache_size: usize,
}

/// A host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Address {
    /// Reads `host:port` as the nodes of a cluster write it, an IPv6 address without brackets; where
    /// they leave out the host, it is `asked`, that of the node that wrote it.
    pub fn parse(text: &str, asked: &str) -> Option<Address> {
        let (host, port) = text.rsplit_once(':')?;
        let host = match host.trim_start_matches('[').trim_end_matches(']') {
            "" | "?" => asked,
            host => host,
        };
        Some(Address {
            host: host.to_owned(),
            port: port.parse().ok()?,
        })
    }
}

/// Where servers that call themselves `host:port` are really reached.
#[derive(Clone, Debug, Default)]
pub struct NatMap(pub HashMap<String, Address>);

impl NatMap {
    /// Where `address` is reached.
    pub fn reach(&self, address: Address) -> Address {
        self.0.get(&address.to_string()).cloned().unwrap_or(address)
    }
}

/// How the master is found.
#[derive(Clone, Debug)]
pub struct Sentinel {
    /// The sentinels, asked in this order.
    pub nodes: Vec<Address>,
    /// The name they know the master by.
    pub master: String,
    /// ACL user on the sentinels.
    pub username: Option<String>,
    /// Password on the sentinels.
    pub password: Option<String>,
    /// TLS to the sentinels, none when `None`.
    pub tls: Option<Tls>,
    /// Where the master that they name is reached.
    pub nat_map: NatMap,
}

/// How the nodes are found.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Nodes to ask for the others.
    pub seeds: Vec<Address>,
    /// Where the nodes that they name are reached.
    pub nat_map: NatMap,
}

/// An IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// How a connection is made and kept. Never changed: a client's later `select` or `auth` makes a
/// new value, which the calls after it carry.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the server is.
    pub endpoint: Endpoint,
    /// How the server is named in messages: `host:port` or the path of socket or file, never a password.
    pub server: Arc<str>,
    /// TLS, none when `None`.
    pub tls: Option<Tls>,
    /// The ACL user.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The database.
    pub db: i64,
    /// Where to go when the server has no such database, as the redis clients stay where they are;
    /// when `None`, calls fail.
    pub fallback_db: Option<i64>,
    /// When there is no connection: wait for one until a call's deadline. Else a call fails with
    /// the first attempt that does.
    pub offline_queue: bool,
    /// The names of commands that the server has renamed.
    pub names: Names,
    /// How long connecting and logging in may take.
    pub connect_timeout: Duration,
    /// How long a connection may stay silent while it owes answers.
    pub response_timeout: Duration,
}

impl Endpoint {
    /// How the place is named in messages.
    pub fn label(&self) -> Arc<str> {
        match self {
            Endpoint::Tcp { address, .. } => address.to_string().into(),
            Endpoint::Unix(path) => path.display().to_string().into(),
            Endpoint::Sentinel(sentinel) => {
                let (master, nodes) = (&sentinel.master, list(&sentinel.nodes));
                format!("master \"{master}\" of the sentinels {nodes}").into()
            }
            Endpoint::Cluster(cluster) => format!("the cluster of {}", list(&cluster.seeds)).into(),
            Endpoint::File(file) => file.path.display().to_string().into(),
            Endpoint::Memory => "memory".into(),
        }
    }
}

fn list(addresses: &[Address]) -> String {
    let texts: Vec<String> = addresses.iter().map(Address::to_string).collect();
    texts.join(", ")
}

/// The commands a connection sends, each under the name that the server knows it by.
#[derive(Clone, Debug)]
pub struct Names {
    pub(crate) auth: String,
    pub(crate) client: String,
    pub(crate) cluster: String,
    pub(crate) del: String,
    pub(crate) get: String,
    pub(crate) hello: String,
    pub(crate) info: String,
    pub(crate) keys: String,
    pub(crate) mget: String,
    pub(crate) mset: String,
    pub(crate) ping: String,
    pub(crate) role: String,
    pub(crate) scan: String,
    pub(crate) select: String,
    pub(crate) set: String,
    pub(crate) unlink: String,
}

impl Names {
    /// The names after `renamed`, which maps a command's own name in lower case to its new one.
    pub fn new(renamed: &HashMap<String, String>) -> Names {
        let name = |own: &str| {
            renamed
                .get(own)
                .cloned()
                .unwrap_or_else(|| own.to_ascii_uppercase())
        };
        Names {
            auth: name("auth"),
            client: name("client"),
            cluster: name("cluster"),
            del: name("del"),
            get: name("get"),
            hello: name("hello"),
            info: name("info"),
            keys: name("keys"),
            mget: name("mget"),
            mset: name("mset"),
            ping: name("ping"),
            role: name("role"),
            scan: name("scan"),
            select: name("select"),
            set: name("set"),
            unlink: name("unlink"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_command_goes_under_its_new_name() {
        let names = Names::new(&HashMap::from([("del".to_owned(), "xdel".to_owned())]));
        assert_eq!((names.del.as_str(), names.get.as_str()), ("xdel", "GET"));
    }

    #[test]
    fn a_host_that_is_left_out_is_that_of_the_node_that_was_asked() {
        for (text, host) in [
            ("127.0.0.1:7", "127.0.0.1"),
            ("::1:7", "::1"),
            ("[::1]:7", "::1"),
            (":7", "asked"),
            ("?:7", "asked"),
            ("[]:7", "asked"),
        ] {
            let address = Address::parse(text, "asked").expect(text);
            assert_eq!((address.host.as_str(), address.port), (host, 7));
        }
        assert_eq!(Address::parse("host", "asked"), None);
        assert_eq!(Address::parse("host:65536", "asked"), None);
    }

    #[test]
    fn a_server_is_named_by_its_address() {
        let tcp = |host: &str| Endpoint::Tcp {
            address: Address {
                host: host.to_owned(),
                port: 6379,
            },
            family: None,
        };
        assert_eq!(&*tcp("localhost").label(), "localhost:6379");
        assert_eq!(&*tcp("::1").label(), "[::1]:6379");
        assert_eq!(
            &*Endpoint::Unix("/run/r.sock".into()).label(),
            "/run/r.sock"
        );
    }
}
