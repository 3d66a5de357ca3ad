//! Settings and options as JavaScript hands them over; `lib/` has checked their types.

use std::collections::HashMap;
use std::time::Duration;

use napi::{Error, Result, Status};
use napi_derive::napi;

use crate::backend::tls::{Tls, TlsOptions};
use crate::options::{Endpoint, Family, Names, Settings};

/// Where a server is and how to log in; times in ms.
#[napi(object, object_to_js = false)]
pub struct ServerSettings {
    /// Name or address; not with `path`.
    pub host: Option<String>,
    /// Port; not with `path`.
    pub port: Option<u16>,
    /// Path of a Unix socket.
    pub path: Option<String>,
    /// 4 or 6: only addresses of that IP version.
    pub family: Option<u8>,
    /// ACL user.
    pub username: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Database.
    pub db: i64,
    /// Stay in database 0 when the server has no such database.
    pub lenient_db: bool,
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

/// TLS, texts in PEM.
#[napi(object, object_to_js = false)]
pub struct TlsSettings {
    /// Trusted certificates.
    pub ca: Vec<String>,
    /// This side's certificates.
    pub cert: Option<String>,
    /// The key of `cert`.
    pub key: Option<String>,
    /// The name that the server's certificate must bear.
    pub servername: String,
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

    fn try_from(given: ServerSettings) -> Result<Settings> {
        let endpoint = match given.path {
            Some(path) => Endpoint::Unix(path.into()),
            None => Endpoint::Tcp {
                host: given.host.unwrap_or_default(),
                port: given.port.unwrap_or_default(),
                family: match given.family {
                    Some(4) => Some(Family::V4),
                    Some(6) => Some(Family::V6),
                    _ => None,
                },
            },
        };
        let tls = given
            .tls
            .map(|tls| {
                Tls::new(&TlsOptions {
                    ca: tls.ca,
                    cert: tls.cert,
                    key: tls.key,
                    servername: tls.servername,
                    insecure: !tls.reject_unauthorized,
                })
            })
            .transpose()
            .map_err(|reason| Error::new(Status::InvalidArg, reason))?;
        Ok(Settings {
            server: endpoint.label(),
            endpoint,
            tls,
            username: given.username,
            password: given.password,
            db: given.db,
            lenient_db: given.lenient_db,
            retry: given.retry,
            names: Names::new(&given.renamed.unwrap_or_default()),
            connect_timeout: Duration::from_millis(given.connect_timeout.into()),
            response_timeout: Duration::from_millis(given.response_timeout.into()),
        })
    }
}
