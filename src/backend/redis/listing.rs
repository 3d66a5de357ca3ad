//! A page of keys: one `SCAN` of one node, for `ListIds`.
//!
//! A cursor is of use on the session that it was given on: another one may be with another server, or
//! another run of it, which has its keys in another order. So a listing begins anew on a new session, and
//! gives some keys again; who asks knows which it had.

use bytes::Bytes;
use redis::Value;

use super::commands::Commands;
use crate::call::{Answer, Args, Listed};
use crate::settings::Names;

/// How many keys a page asks the server to look at: it takes that about a ms.
const COUNT: &[u8] = b"1000";

/// Where a page is, and what its keys begin with.
pub(super) struct Page {
    session: u64,
    node: usize,
    nodes: usize,
    /// How much of a key is left out, in bytes.
    prefix: usize,
}

impl Page {
    /// Adds the command of the page that a call asks for, on a session of so many nodes.
    pub(super) fn write(
        args: Args<'_>,
        (session, nodes): (u64, usize),
        names: &Names,
        out: &mut Commands,
    ) -> Page {
        let Args {
            stem,
            first,
            second,
        } = args;
        let (node, cursor) = read(first, session).unwrap_or((0, "0"));
        let listed = Listed::read(second);
        let pattern = pattern(stem, listed);
        out.begin(&names.scan, 5);
        out.for_node(node);
        for word in [cursor.as_bytes(), b"MATCH", &pattern, b"COUNT", COUNT] {
            out.word([word]);
        }
        Page {
            session,
            node,
            nodes,
            prefix: match listed {
                Listed::Integrations => stem.len(),
                _ => stem.len() + 1,
            },
        }
    }

    /// What its reply says; `None` when that is no reply to it.
    pub(super) fn answer(&self, reply: Value) -> Option<Answer> {
        let Value::Array(parts) = reply else {
            return None;
        };
        let [Value::BulkString(cursor), Value::Array(keys)] = <[Value; 2]>::try_from(parts).ok()?
        else {
            return None;
        };
        let cursor = String::from_utf8(cursor).ok()?;
        let next = match cursor.as_str() {
            "0" if self.node + 1 == self.nodes => String::new(),
            "0" => format!("{}.{}.0", self.session, self.node + 1),
            cursor => format!("{}.{}.{cursor}", self.session, self.node),
        };
        let mut page = vec![Bytes::from(next)];
        for key in keys {
            let Value::BulkString(key) = key else {
                return None;
            };
            // A pattern may match other keys on a server that reads it in a way of its own.
            if key.len() > self.prefix {
                page.push(Bytes::from(key).slice(self.prefix..));
            }
        }
        Some(Answer::Page(page))
    }
}

/// Reads a cursor of this session: node, and cursor of the node.
fn read(cursor: &[u8], session: u64) -> Option<(usize, &str)> {
    let text = std::str::from_utf8(cursor).ok()?;
    let (own, rest) = text.split_once('.')?;
    let (node, cursor) = rest.split_once('.')?;
    (own.parse() == Ok(session)).then_some((node.parse().ok()?, cursor))
}

fn pattern(stem: &[u8], listed: Listed) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(stem.len() + 8);
    for &byte in stem {
        if matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern.extend_from_slice(match listed {
        Listed::Botmatic => b":b:*",
        Listed::External => b":e:*",
        Listed::Both => b":[be]:*",
        Listed::Integrations => b"*:b:*",
    });
    pattern
}
