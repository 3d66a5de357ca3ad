//! Settings and options as JavaScript hands them over; `lib/` has checked their types.

use std::collections::HashMap;
use std::time::Duration;

use napi::{Error, Result, Status};
use napi_derive::napi;

use crate::settings::{
    Address, Cluster, Endpoint, Family, File, Names, NatMap, Sentinel, Settings, Tls, TlsOptions,
};

/// In bytes.
const MEGABYTE: usize = 1024 * 1024;

/// Where a server is and how to log in; times in ms.
#[napi(object, object_to_js = false)]
pub struct ServerSettings {
    /// Name or address; not with `path`.
    pub host: Option<String>,
    /// Port; not with `path`.
    pub port: Option<u16>,
    /// Path of a Unix socket.
    pub path: Option<String>,
    /// Sentinels to ask for the master, in place of a host.
    pub sentinels: Option<Vec<AddressSettings>>,
    /// The name that the sentinels know the master by.
    pub master: Option<String>,
    /// ACL user on the sentinels.
    pub sentinel_username: Option<String>,
    /// Password on the sentinels.
    pub sentinel_password: Option<String>,
    /// TLS to the sentinels.
    pub sentinel_tls: Option<TlsSettings>,
    /// Nodes of a cluster, in place of a host.
    pub nodes: Option<Vec<AddressSettings>>,
    /// Path of the file of an embedded store, in place of a host.
    pub file: Option<String>,
    /// An embedded store in memory, in place of a host.
    pub memory: Option<bool>,
    /// Whether a change of an embedded store is on the disk before its call is answered.
    pub durable: Option<bool>,
    /// How much of an embedded store's file is cached in memory, in MB.
    pub cache_size: Option<u32>,
    /// Where servers that call themselves `host:port` are really reached.
    pub nat_map: Option<HashMap<String, AddressSettings>>,
    /// 4 or 6: only addresses of that IP version.
    pub family: Option<u8>,
    /// ACL user.
    pub username: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Database.
    pub db: i64,
    /// The database to go to when the server does not have `db`; when absent, calls fail.
    pub fallback_db: Option<i64>,
    /// Wait for a connection until a call's deadline.
    pub retry: bool,
    /// New names of renamed commands, by their own names in lower case.
    pub renamed: Option<HashMap<String, String>>,
    /// TLS, none when absent.
    pub tls: Option<TlsSettings>,
    /// How long connecting may take.
    pub connect_timeout: u32,
    /// How long the connection may stay silent while it owes answers.
    pub response_timeout: u32,
}

/// A host and port.
#[napi(object, object_to_js = false)]
pub struct AddressSettings {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// TLS, texts in PEM.
#[napi(object, object_to_js = false)]
pub struct TlsSettings {
    /// Trusted certificates.
    pub ca: Vec<String>,
    /// This side's certificates.
    pub cert: Option<String>,
    /// The key of `cert`.
    pub key: Option<String>,
    /// The name that the server's certificate must bear, the host's own when absent.
    pub servername: Option<String>,
    /// Refuse a certificate that is not trusted.
    pub reject_unauthorized: bool,
}

/// What one store does its calls with; times in ms.
#[napi(object, object_to_js = false)]
pub struct StoreSettings {
    /// Reject instead of resolving to `false` or `undefined`.
    pub strict: bool,
    /// Deadline of a lookup.
    pub read_timeout: u32,
    /// Deadline of a save or delete.
    pub write_timeout: u32,
    /// How many calls may wait.
    pub max_pending: u32,
    /// Stands before every key.
    pub key_prefix: String,
}

impl TryFrom<ServerSettings> for Settings {
    type Error = Error;

    fn try_from(mut given: ServerSettings) -> Result<Settings> {
        let endpoint = endpoint(&mut given)?;
        let tls = given.tls.map(TlsSettings::check).transpose()?;
        Ok(Settings {
            server: endpoint.label(),
            endpoint,
            tls,
            username: given.username,
            password: given.password,
            db: given.db,
            fallback_db: given.fallback_db,
            offline_queue: given.retry,
            names: Names::new(&given.renamed.unwrap_or_default()),
            connect_timeout: Duration::from_millis(given.connect_timeout.into()),
            response_timeout: Duration::from_millis(given.response_timeout.into()),
        })
    }
}

fn endpoint(given: &mut ServerSettings) -> Result<Endpoint> {
    let nat_map = given.nat_map.take().unwrap_or_default();
    let nat_map = nat_map.into_iter().map(|(own, to)| (own, to.into()));
    let nat_map = NatMap(nat_map.collect());
    let addresses = |of: Vec<AddressSettings>| of.into_iter().map(Address::from).collect();
    Ok(if let Some(path) = given.path.take() {
        Endpoint::Unix(path.into())
    } else if let Some(nodes) = given.sentinels.take() {
        Endpoint::Sentinel(Sentinel {
            nodes: addresses(nodes),
            master: given.master.take().unwrap_or_default(),
            username: given.sentinel_username.take(),
            password: given.sentinel_password.take(),
            tls: given
                .sentinel_tls
                .take()
                .map(TlsSettings::check)
                .transpose()?,
            nat_map,
        })
    } else if let Some(nodes) = given.nodes.take() {
        Endpoint::Cluster(Cluster {
            seeds: addresses(nodes),
            nat_map,
        })
    } else if let Some(path) = given.file.take() {
        Endpoint::File(File {
            path: path.into(),
            is_durable: given.durable.unwrap_or(true),
            cache_size: given.cache_size.unwrap_or(1) as usize * MEGABYTE,
        })
    } else if given.memory.is_some() {
        Endpoint::Memory
    } else {
        Endpoint::Tcp {
            address: Address {
                host: given.host.take().unwrap_or_default(),
                port: given.port.unwrap_or_default(),
            },
            family: match given.family {
                Some(4) => Some(Family::V4),
                Some(6) => Some(Family::V6),
                _ => None,
            },
        }
    })
}

impl From<AddressSettings> for Address {
    fn from(AddressSettings { host, port }: AddressSettings) -> Address {
        Address { host, port }
    }
}

impl TlsSettings {
    fn check(self) -> Result<Tls> {
        let options = TlsOptions {
            ca: self.ca,
            cert: self.cert,
            key: self.key,
            servername: self.servername,
            insecure: !self.reject_unauthorized,
        };
        Tls::new(&options).map_err(|reason| Error::new(Status::InvalidArg, reason))
    }
}
