//! What a connection is made with.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::tls::Tls;

/// Where the server is.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// A TCP port.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
        /// Which addresses of the name to use, all when `None`.
        family: Option<Family>,
    },
    /// A Unix domain socket.
    Unix(PathBuf),
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
#[derive(Debug)]
pub struct Settings {
    /// Where the server is.
    pub endpoint: Endpoint,
    /// How the server is named in messages: `host:port` or the socket's path, never a password.
    pub server: Arc<str>,
    /// TLS, none when `None`.
    pub tls: Option<Tls>,
    /// The ACL user.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The database.
    pub db: i64,
    /// When the server has no such database: stay in the one it gave, as the redis clients do,
    /// instead of failing the calls.
    pub lenient_db: bool,
    /// When there is no connection: wait for one until a call's deadline. Else a call fails with
    /// the first attempt that does.
    pub retry: bool,
    /// The names of commands that the server has renamed.
    pub names: Names,
    /// How long connecting and logging in may take.
    pub connect_timeout: Duration,
    /// How long a connection may stay silent while it owes answers.
    pub response_timeout: Duration,
}

impl Endpoint {
    /// `host:port` or the socket's path.
    pub fn label(&self) -> Arc<str> {
        match self {
            Endpoint::Tcp { host, port, .. } if host.contains(':') => {
                format!("[{host}]:{port}").into()
            }
            Endpoint::Tcp { host, port, .. } => format!("{host}:{port}").into(),
            Endpoint::Unix(path) => path.display().to_string().into(),
        }
    }
}

/// The commands a connection sends, each under the name that the server knows it by.
#[derive(Clone, Debug)]
pub struct Names {
    pub(crate) auth: String,
    pub(crate) client: String,
    pub(crate) del: String,
    pub(crate) get: String,
    pub(crate) mget: String,
    pub(crate) mset: String,
    pub(crate) ping: String,
    pub(crate) scan: String,
    pub(crate) select: String,
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
            del: name("del"),
            get: name("get"),
            mget: name("mget"),
            mset: name("mset"),
            ping: name("ping"),
            scan: name("scan"),
            select: name("select"),
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
    fn a_server_is_named_by_its_address() {
        let tcp = |host: &str| Endpoint::Tcp {
            host: host.to_owned(),
            port: 6379,
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
