//! Why a call failed. Every variant has one stable code, the `code` of JavaScript's `KeyStoreError`.
//!
//! No message holds a password: servers are named by [`crate::settings::Settings::server`], and
//! replies pass through [`reply_text`].

mod reply;

use std::io;
use std::sync::Arc;

use crate::call::NoId;

pub use reply::{ReplyKind, reply_text};

/// What systems say when there are no file descriptors left: ENFILE, EMFILE, WSAEMFILE.
const NO_FILES: [i32; 3] = [23, 24, 10_024];

/// The reason of a failure, with the server it came from and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The store, or the client it was made from, was closed.
    #[error(
        "the store is closed: its quit() was called or its client was closed; make a new store from an open client"
    )]
    Closed,
    /// As many calls wait as `maxPending` allows.
    #[error(
        "{limit} calls wait already, as many as maxPending allows: {server} is slower than the calls come or is down; await earlier calls or raise maxPending"
    )]
    Busy {
        /// The server that the calls wait for.
        server: Arc<str>,
        /// The value of `maxPending`.
        limit: usize,
    },
    /// A connection stood but no answer came by the deadline.
    #[error("no answer came from {server}; check its load and the network, or allow it more time")]
    Timeout {
        /// The silent server.
        server: Arc<str>,
    },
    /// There was no connection by the deadline.
    #[error(
        "no connection to {server}: {reason}; check that Redis runs there and that this machine may reach it"
    )]
    Unreachable {
        /// The server that was tried.
        server: Arc<str>,
        /// What the last attempt met.
        reason: Arc<str>,
    },
    /// This process, or its machine, has not what a connection takes: a file descriptor, a thread, memory.
    #[error(
        "no connection to {server}: {reason}; free file descriptors, threads or memory of this process, or raise its limits"
    )]
    Shortage {
        /// The server that was to be connected to.
        server: Arc<str>,
        /// What was missing.
        reason: Arc<str>,
    },
    /// The TLS handshake failed.
    #[error(
        "no TLS connection to {server}: {reason}; check that it speaks TLS, and the ca, cert, key and servername options"
    )]
    Tls {
        /// The server that was tried.
        server: Arc<str>,
        /// What the handshake met.
        reason: Arc<str>,
    },
    /// What answered does not speak the Redis protocol.
    #[error(
        "{server} does not answer as Redis does: {reason}; check host and port, and whether it wants TLS"
    )]
    Protocol {
        /// The server that answered.
        server: Arc<str>,
        /// What was wrong with its answer.
        reason: Arc<str>,
    },
    /// The login was refused, or one is needed.
    #[error("{server} {}", login(reply))]
    Auth {
        /// The server that refused.
        server: Arc<str>,
        /// Its reply.
        reply: Arc<str>,
    },
    /// The client's credentials provider failed.
    #[error("the client's credentials provider failed: {0}; check it")]
    Credentials(Arc<str>),
    /// The client is no longer one that can be connected like.
    #[error("the client's settings cannot be used: {0}; check what was changed on the client")]
    Client(Arc<str>),
    /// The server has no database of that number, or this user may not choose one.
    #[error("{server} {}", reply::of_select(*db, reply, *is_forbidden))]
    Database {
        /// The server that was asked.
        server: Arc<str>,
        /// The number that was asked for.
        db: i64,
        /// Its reply.
        reply: Arc<str>,
        /// Whether the user may not choose one.
        is_forbidden: bool,
    },
    /// Any other error reply.
    #[error("{server} replied {reply}; {}", kind.advice())]
    Reply {
        /// The server that replied.
        server: Arc<str>,
        /// What the reply means.
        kind: ReplyKind,
        /// The reply.
        reply: Arc<str>,
    },
    /// The server closed the connection each time when this call came.
    #[error(
        "{server} closes the connection on this call; is an id longer than it takes (client-query-buffer-limit, proto-max-bulk-len)?"
    )]
    HungUp {
        /// The server that hung up.
        server: Arc<str>,
    },
    /// What was given as an id is none.
    #[error("the {which} is {}, which is no id; {}", what.name(), what.advice())]
    NoId {
        /// Which id of the call.
        which: &'static str,
        /// What was given.
        what: NoId,
    },
    /// What kept a call until its deadline was over.
    #[error("{0}")]
    Late(Box<Error>),
    /// The server has no command that the call needs, or closes the connection on each.
    #[error(
        "{server} takes no {commands}, which this call needs; make the store from a client that reaches Redis itself"
    )]
    Lacking {
        /// The server, a proxy mostly.
        server: Arc<str>,
        /// What it lacks.
        commands: &'static str,
    },
    /// The file of an embedded store cannot be used, or not now.
    #[error("{file}: {reason}")]
    Storage {
        /// The file, as it was given.
        file: Arc<str>,
        /// What is wrong with it, and what to do.
        reason: Arc<str>,
    },
    /// A fault of this module.
    #[error("internal error: {0}; please report it")]
    Internal(Arc<str>),
}

impl Error {
    /// The stable code of this reason.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Closed => "CLOSED",
            Error::Busy { .. } => "BUSY",
            Error::Timeout { .. } => "TIMEOUT",
            Error::Unreachable { .. } | Error::Shortage { .. } | Error::Client(_) => "UNREACHABLE",
            Error::Tls { .. } => "TLS",
            Error::Protocol { .. } => "PROTOCOL",
            Error::Auth { .. } | Error::Credentials(_) => "AUTH",
            Error::Database { .. } => "DATABASE",
            Error::HungUp { .. } | Error::Lacking { .. } => "REPLY",
            Error::NoId { .. } => "NOID",
            Error::Late(error) => error.code(),
            Error::Storage { .. } => "STORAGE",
            Error::Internal(_) => "INTERNAL",
            Error::Reply { kind, .. } => match kind {
                ReplyKind::NoPerm => "NOPERM",
                ReplyKind::WrongType => "WRONGTYPE",
                ReplyKind::ReadOnly => "READONLY",
                ReplyKind::OutOfMemory => "OOM",
                ReplyKind::Moved => "MOVED",
                ReplyKind::TooLong | ReplyKind::OneKey | ReplyKind::Other => "REPLY",
            },
        }
    }

    /// Why there is no connection to a server.
    pub fn unconnected(server: Arc<str>, error: &io::Error) -> Error {
        let reason = error.to_string().into();
        let is_of_files = error
            .raw_os_error()
            .is_some_and(|code| NO_FILES.contains(&code));
        match is_of_files || error.kind() == io::ErrorKind::OutOfMemory {
            true => Error::Shortage { server, reason },
            false => Error::Unreachable { server, reason },
        }
    }

    /// The same error, where the server's own words do not hold the integration id.
    pub fn without(mut self, integration: &[u8]) -> Error {
        if let Error::Late(error) = self {
            return Error::Late(Box::new(error.without(integration)));
        }
        let words = match &mut self {
            Error::Unreachable { reason, .. }
            | Error::Shortage { reason, .. }
            | Error::Tls { reason, .. }
            | Error::Protocol { reason, .. }
            | Error::Credentials(reason)
            | Error::Client(reason) => reason,
            Error::Auth { reply, .. }
            | Error::Database { reply, .. }
            | Error::Reply { reply, .. } => reply,
            Error::Closed
            | Error::Storage { .. }
            | Error::Busy { .. }
            | Error::Timeout { .. }
            | Error::HungUp { .. }
            | Error::NoId { .. }
            | Error::Late(_)
            | Error::Lacking { .. }
            | Error::Internal(_) => return self,
        };
        let id = String::from_utf8_lossy(integration);
        if id.chars().nth(4).is_some() && words.contains(&*id) {
            *words = words.replace(&*id, &masked(integration)).into();
        }
        self
    }

    /// The same error, naming the key where something else was found.
    pub fn of_key(mut self, shown: impl FnOnce() -> String) -> Error {
        if let Error::Reply {
            kind: ReplyKind::WrongType,
            reply,
            ..
        } = &mut self
        {
            *reply = format!("{reply} for the key {:?}", shown()).into();
        }
        self
    }

    /// What is said of a call that failed with this, and whose deadline `option` sets to so many ms.
    pub fn message(&self, option: &str, limit: u32) -> String {
        match self {
            Error::Late(error) => format!("within {limit} ms ({option}), {error}"),
            error => error.to_string(),
        }
    }

    /// Whether the call was none that could be made.
    pub fn is_no_id(&self) -> bool {
        matches!(self, Error::NoId { .. })
    }

    /// Whether the call may do better on another connection or later, so that it is waited for.
    /// A reply that Redis never gives is among them: the connection is out of step.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Error::Unreachable { .. }
                | Error::Shortage { .. }
                | Error::Protocol { .. }
                | Error::Reply {
                    kind: ReplyKind::ReadOnly | ReplyKind::OneKey,
                    ..
                }
        )
    }
}

/// What is wrong with a login that this is the reply to.
fn login(reply: &str) -> String {
    if reply.starts_with("\"NOAUTH") {
        return format!("wants a login, and none was given: {reply}; give user name and password");
    }
    format!("refused the login: {reply}; check user name and password")
}

/// An integration id as it may be shown: it is a bearer token, so its first four characters.
pub fn masked(integration: &[u8]) -> String {
    let text = String::from_utf8_lossy(integration);
    match text.char_indices().nth(4) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests;
