//! The error replies of Redis, Valkey and proxies: what each stands for.

use std::sync::Arc;

use super::Error;

/// The error replies that have a code of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// The user may not run the command or touch the key.
    NoPerm,
    /// The key holds something else than a string.
    WrongType,
    /// The server is a replica; waited out, since it may become the master or be replaced by it.
    ReadOnly,
    /// The server is at its `maxmemory`.
    OutOfMemory,
    /// The server does not take a call as long as this, and closed the connection.
    TooLong,
    /// The server is one node of a cluster, and the key is on another.
    Moved,
    /// The server takes commands over one key only; waited out, since they go so from then on.
    OneKey,
    /// Everything else.
    Other,
}

impl ReplyKind {
    pub(super) fn advice(self) -> &'static str {
        match self {
            ReplyKind::NoPerm => {
                "let this user run MSET, GET, MGET, DEL, UNLINK and SCAN on the store's keys, and on a cluster SET and CLUSTER SLOTS"
            }
            ReplyKind::WrongType => {
                "another program keeps something else under this key; keep the store's keys to itself"
            }
            ReplyKind::ReadOnly => {
                "this server is a replica and was not promoted in time; use its master"
            }
            ReplyKind::OutOfMemory => {
                "raise its maxmemory or delete what is not needed, and keep its maxmemory-policy at noeviction: an allkeys- policy deletes pairs"
            }
            ReplyKind::TooLong => "is an id longer than it takes (proto-max-bulk-len)?",
            ReplyKind::Moved => {
                "this server is one node of a cluster: use a cluster client, which reaches all of them"
            }
            ReplyKind::OneKey => {
                "it takes commands over one key only, and was not asked so in time"
            }
            ReplyKind::Other => "see the Redis documentation for this reply",
        }
    }
}

/// What a refusal of `SELECT` means, and what to do.
pub(super) fn of_select(db: i64, reply: &str, is_forbidden: bool) -> String {
    match is_forbidden {
        true => format!(
            "does not let this user choose database {db}: {reply}; let it run SELECT, or use database 0"
        ),
        false => format!(
            "has no database {db}: {reply}; choose a number below the server's `databases` setting"
        ),
    }
}

impl Error {
    /// The reason that an error reply to a command stands for.
    pub fn from_reply(server: &Arc<str>, error: &redis::ServerError) -> Error {
        let (server, reply) = (server.clone(), reply_text(error));
        let kind = match error.code() {
            "NOAUTH" | "WRONGPASS" => return Error::Auth { server, reply },
            "NOPERM" => ReplyKind::NoPerm,
            "WRONGTYPE" => ReplyKind::WrongType,
            "READONLY" => ReplyKind::ReadOnly,
            "OOM" => ReplyKind::OutOfMemory,
            "MOVED" | "ASK" => ReplyKind::Moved,
            "CROSSSLOT" => ReplyKind::OneKey,
            code if passes(code, &reply) => {
                let reason = reply;
                return Error::Unreachable { server, reason };
            }
            "ERR" if reply.contains("Protocol error: invalid bulk length") => ReplyKind::TooLong,
            _ => ReplyKind::Other,
        };
        Error::Reply {
            server,
            kind,
            reply,
        }
    }
}

/// Whether an error reply is that of a server which will serve later, by itself or once somebody has
/// seen to it. DENIED is that of one in protected mode, which hangs up on who comes from another machine.
fn passes(code: &str, reply: &str) -> bool {
    match code {
        "LOADING" | "BUSY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "NOREPLICAS"
        | "MISCONF" | "UNBLOCKED" | "REDIRECT" | "DENIED" => true,
        // The others are proxies, whose server is away: it was not sent.
        "ERR" => [
            "max number of clients",
            "Connection refused",
            "Host is unreachable",
            "no upstream host",
        ]
        .iter()
        .any(|text| reply.contains(text)),
        _ => reply.starts_with("\"no upstream host"),
    }
}

/// The text of an error reply, without the arguments that Redis quotes for an unknown command:
/// they hold keys, and for a renamed `AUTH` the password.
pub fn reply_text(error: &redis::ServerError) -> Arc<str> {
    let detail = error.details().unwrap_or_default();
    let detail = detail.split(", with args").next().unwrap_or_default();
    format!("\"{} {detail}\"", error.code()).into()
}
