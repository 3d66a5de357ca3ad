//! One server to connect to, and why there may be no connection.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::tls::Tls;
use super::traffic::Traffic;
use crate::error::Error;
use crate::options::{Address, Family, Names, Settings};

/// One server, and how to log in there.
pub struct Target<'a> {
    /// Where it is.
    pub place: Place<'a>,
    /// How it is named in messages.
    pub server: Arc<str>,
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
    /// Counts the bytes.
    pub traffic: &'a Arc<Traffic>,
}

/// Where one server is.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// A TCP port, of one IP version when it is given.
    Tcp(&'a Address, Option<Family>),
    /// A Unix domain socket.
    Unix(&'a Path),
}

impl<'a> Target<'a> {
    /// A server that the settings' login is for.
    pub fn of(
        settings: &'a Settings,
        place: Place<'a>,
        server: Arc<str>,
        traffic: &'a Arc<Traffic>,
    ) -> Target<'a> {
        Target {
            place,
            server,
            tls: settings.tls.as_ref(),
            username: settings.username.as_deref(),
            password: settings.password.as_deref(),
            db: settings.db,
            fallback_db: settings.fallback_db,
            names: &settings.names,
            connect_timeout: settings.connect_timeout,
            traffic,
        }
    }
}

/// Why there is no connection.
pub struct Refusal {
    /// The reason.
    pub error: Error,
    /// Whether trying again with the same settings is of no use.
    pub is_final: bool,
}

impl Refusal {
    /// Trying again may help.
    pub fn passing(error: Error) -> Refusal {
        Refusal {
            error,
            is_final: false,
        }
    }

    /// Trying again is of no use.
    pub fn lasting(error: Error) -> Refusal {
        Refusal {
            error,
            is_final: true,
        }
    }
}
