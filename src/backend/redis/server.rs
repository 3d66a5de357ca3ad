//! One server to connect to.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::dialect::{Dialect, Feature, Lacks};
use super::kept::Kept;
use crate::backend::ConnectError;
use crate::error::Error;
use crate::settings::Tls;
use crate::settings::{Address, Family, Names, Settings};

/// One server, and how to log in there.
pub(super) struct Server<'a> {
    /// Where it is.
    pub place: Place<'a>,
    /// How it is named in messages.
    pub name: Arc<str>,
    /// TLS, none when `None`.
    pub tls: Option<&'a Tls>,
    /// The ACL user.
    pub username: Option<&'a str>,
    /// The password.
    pub password: Option<&'a str>,
    /// The database.
    pub db: i64,
    /// The database to go to when the server does not have `db`.
    pub fallback_db: Option<i64>,
    /// The names of commands.
    pub names: &'a Names,
    /// How long connecting and logging in may take.
    pub connect_timeout: Duration,
    /// How long the connection may stay silent while it owes replies.
    pub response_timeout: Duration,
    /// Counts its bytes, and knows the last connection to it.
    pub kept: &'a Arc<Kept>,
    /// What it was found not to take.
    pub dialect: Arc<Dialect>,
}

/// Where one server is.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// A TCP port, of one IP version when it is given.
    Tcp(&'a Address, Option<Family>),
    /// A Unix domain socket.
    Unix(&'a Path),
}

impl<'a> Server<'a> {
    /// A server that the settings' login is for.
    pub(super) fn of(
        settings: &'a Settings,
        place: Place<'a>,
        name: Arc<str>,
        kept: &'a Arc<Kept>,
    ) -> Server<'a> {
        Server {
            place,
            dialect: Dialect::of(&name, settings.username.as_deref()),
            name,
            tls: settings.tls.as_ref(),
            username: settings.username.as_deref(),
            password: settings.password.as_deref(),
            db: settings.db,
            fallback_db: settings.fallback_db,
            names: &settings.names,
            connect_timeout: settings.connect_timeout,
            response_timeout: settings.response_timeout,
            kept,
        }
    }

    /// What is wrong with a server that has no such database, or whose user may not choose it.
    pub(super) fn no_database(&self, reply: Arc<str>, is_forbidden: bool) -> ConnectError {
        ConnectError::lasting(Error::Database {
            server: self.name.clone(),
            db: self.db,
            reply,
            is_forbidden,
        })
    }

    /// Fails where no database but the first can be had, and another is wanted.
    pub(super) fn check_database(&self, lacks: Lacks) -> Result<(), ConnectError> {
        match self.db != 0 && lacks.has(Feature::Select) {
            true => {
                let reason = "it closes the connection on SELECT".into();
                Err(self.no_database(reason, false))
            }
            false => Ok(()),
        }
    }

    /// What is wrong with a server that keeps silent.
    pub(super) fn late(&self) -> Error {
        late(&self.name, self.tls.is_some(), self.connect_timeout)
    }

    /// What is wrong with a server that cannot be connected to.
    pub(super) fn unreachable(&self, error: &io::Error) -> Error {
        Error::unconnected(self.name.clone(), error)
    }
}

/// What is wrong with a server that keeps silent until the end of an attempt of that length.
pub(super) fn late(server: &Arc<str>, has_tls: bool, connect_timeout: Duration) -> Error {
    let server = server.clone();
    let waited = connect_timeout.as_millis();
    let reason = format!("nothing came back within {waited} ms (connectTimeout)").into();
    // Servers without TLS often keep silent at a handshake.
    match has_tls {
        true => Error::Tls { server, reason },
        false => Error::Unreachable { server, reason },
    }
}

impl Place<'_> {
    /// The name that a TLS certificate is to bear, unless another is given: without the zone that an
    /// address may have.
    pub(super) fn host(&self) -> &str {
        match self {
            Place::Tcp(address, _) => address.host.split('%').next().unwrap_or_default(),
            Place::Unix(_) => "",
        }
    }
}
