//! What a server, or a proxy before it, was found not to take, so that it is not asked again.
//!
//! It is shared by all connections of the process to that server as that user: each refusal leaves a
//! line in the server's ACL log, and a proxy may hang up instead of refusing. After a while it is
//! asked anew, since rights are given and servers are replaced.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use redis::ServerError;

use crate::backend::locked::locked;

/// After so long all is asked anew.
const KEPT: Duration = Duration::from_secs(3_600);

/// What a server may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Feature {
    /// `CLIENT INFO` and `CLIENT KILL`.
    Client = 1,
    /// `HELLO`
    Hello = 1 << 1,
    /// `PING`
    Ping = 1 << 2,
    /// `SELECT`
    Select = 1 << 3,
    /// `ROLE`
    Role = 1 << 4,
    /// `INFO`
    Info = 1 << 5,
    /// `CLUSTER NODES`
    Nodes = 1 << 6,
    /// Commands over several keys, as they are.
    Pairs = 1 << 7,
    /// `UNLINK`
    Unlink = 1 << 8,
    /// `SCAN`
    Scan = 1 << 9,
    /// `KEYS`
    Keys = 1 << 10,
    /// `CLIENT SETNAME`
    Name = 1 << 11,
    /// To refuse what it does not know: it hangs up.
    Refusals = 1 << 12,
    /// `MGET`, for all keys of a lookup of many.
    Together = 1 << 13,
}

/// Some of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lacks(u16);

impl Lacks {
    /// Nothing, as far as is known.
    pub(super) const NONE: Lacks = Lacks(0);

    pub(super) fn has(self, feature: Feature) -> bool {
        self.0 & feature as u16 != 0
    }

    pub(super) fn with(self, feature: Feature) -> Lacks {
        Lacks(self.0 | feature as u16)
    }
}

/// By server and user.
type Known = HashMap<(Arc<str>, String), Arc<Dialect>>;

/// What is known of a server.
#[derive(Debug)]
pub(super) struct Dialect {
    /// How the server is named in messages.
    pub server: Arc<str>,
    lacks: AtomicU16,
    /// What it was seen to take.
    takes: AtomicU16,
    since: Instant,
}

impl Dialect {
    /// Nothing is known.
    pub(super) fn new(server: Arc<str>) -> Dialect {
        Dialect {
            server,
            lacks: AtomicU16::default(),
            takes: AtomicU16::default(),
            since: Instant::now(),
        }
    }

    /// What this process knows of a server, to this user.
    pub(super) fn of(server: &Arc<str>, user: Option<&str>) -> Arc<Dialect> {
        static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
        let mut known = locked(&KNOWN);
        known.retain(|_, dialect| dialect.since.elapsed() < KEPT);
        let name = (server.clone(), user.unwrap_or_default().to_owned());
        let new = || Arc::new(Dialect::new(server.clone()));
        known.entry(name).or_insert_with(new).clone()
    }

    /// What it lacks, as far as is known.
    pub(super) fn lacks(&self) -> Lacks {
        Lacks(self.lacks.load(Ordering::Relaxed))
    }

    /// Whether it was seen to take this: then it does not hang up on it, whatever an outage looks like.
    pub(super) fn takes(&self, feature: Feature) -> bool {
        Lacks(self.takes.load(Ordering::Relaxed)).has(feature)
    }

    /// It answered this.
    pub(super) fn saw(&self, feature: Feature) {
        self.takes.fetch_or(feature as u16, Ordering::Relaxed);
    }

    /// It lacks this.
    pub(super) fn learn(&self, feature: Feature) {
        self.learn_all(Lacks::NONE.with(feature));
    }

    /// It lacks all of these.
    pub(super) fn learn_all(&self, lacks: Lacks) {
        self.lacks.fetch_or(lacks.0, Ordering::Relaxed);
    }
}

/// Whether an error reply says that the server, or this user, has no such command. Each proxy has
/// words of its own.
pub(super) fn is_lacking(error: &ServerError) -> bool {
    let text = format!("{} {}", error.code(), error.details().unwrap_or_default());
    let text = text.to_ascii_lowercase();
    match error.code() {
        // Redis 6 and 7; and not: to access a key.
        "NOPERM" => text.contains("to run the"),
        // OOM has "command not allowed" too.
        code if code != "ERR" && code == code.to_ascii_uppercase() => false,
        _ => [
            "unknown command",
            "unsupported command",
            "not supported",
            "not support",
            "not allowed",
            "not available",
            "disabled",
        ]
        .iter()
        .any(|words| text.contains(words)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::testing::refusal;
    use redis::Value;

    #[test]
    fn a_command_is_lacking_in_each_servers_own_words() {
        for (reply, expected) in [
            (
                "ERR unknown command 'HELLO', with args beginning with: '2' ",
                true,
            ),
            ("ERR unknown command `hello`", true),
            ("unsupported command 'scan'", true),
            ("ERR command 'SCAN' is not allowed", true),
            (
                "NOPERM this user has no permissions to run the 'mset' command",
                true,
            ),
            (
                "NOPERM User x has no permissions to run the 'client|info' command",
                true,
            ),
            ("NOPERM No permissions to access a key", false),
            (
                "NOAUTH HELLO must be called with the client already authenticated",
                false,
            ),
            ("LOADING Redis is loading the dataset in memory", false),
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                false,
            ),
            ("ERR syntax error", false),
        ] {
            let Value::ServerError(error) = refusal(reply) else {
                panic!("{reply}");
            };
            assert_eq!(is_lacking(&error), expected, "{reply}");
        }
    }

    #[test]
    fn what_is_known_is_shared_by_server_and_user() {
        let server: Arc<str> = "dialect-test:1".into();
        Dialect::of(&server, Some("ann")).learn(Feature::Client);
        assert!(
            Dialect::of(&server, Some("ann"))
                .lacks()
                .has(Feature::Client)
        );
        assert_eq!(Dialect::of(&server, None).lacks(), Lacks::NONE);
    }
}
