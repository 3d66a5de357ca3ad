//! What each call writes and reads in Redis, and what the replies mean.

#[cfg(test)]
pub mod testing;
mod wipe;

use std::sync::Arc;

use redis::{Cmd, Pipeline, RedisWrite, ServerError, ToRedisArgs, Value};

pub use wipe::{Step, Wipe};

use crate::error::Error;
use crate::key::{self, Half};
use crate::options::Names;

/// The five calls on pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `saveIds`
    SaveIds,
    /// `getBotmaticId`
    GetBotmaticId,
    /// `getExtId`
    GetExtId,
    /// `deleteIds`
    DeleteIds,
    /// `deleteAllIds`
    DeleteAllIds,
}

impl Op {
    /// The method's name in JavaScript.
    pub fn name(self) -> &'static str {
        match self {
            Op::SaveIds => "saveIds",
            Op::GetBotmaticId => "getBotmaticId",
            Op::GetExtId => "getExtId",
            Op::DeleteIds => "deleteIds",
            Op::DeleteAllIds => "deleteAllIds",
        }
    }

    /// Whether the call only reads.
    pub fn is_lookup(self) -> bool {
        matches!(self, Op::GetBotmaticId | Op::GetExtId)
    }
}

/// What a call comes to when it does not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done: `true`.
    Yes,
    /// Not all was there to delete: `false`.
    No,
    /// The id that was looked up.
    Id(Vec<u8>),
    /// There is no such id: `null`.
    Missing,
}

/// The arguments of a call.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    /// Key prefix and integration id.
    pub stem: &'a [u8],
    /// The botmatic id of a save or delete, the one id of a lookup.
    pub first: &'a [u8],
    /// The external id of a save or delete.
    pub second: &'a [u8],
}

/// A key as an argument, put together in the command's own buffer.
struct Key<'a> {
    stem: &'a [u8],
    half: Half,
    id: &'a [u8],
}

impl ToRedisArgs for Key<'_> {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        let mut argument = out.writer_for_next_arg();
        // A command's buffer takes all there is.
        let _ = key::write(&mut argument, self.stem, self.half, self.id);
    }
}

/// Adds the one command of a save, lookup or pair delete.
pub fn write(op: Op, args: Args<'_>, names: &Names, out: &mut Pipeline) {
    let Args {
        stem,
        first,
        second,
    } = args;
    let key = |half, id| Key { stem, half, id };
    let start = |name: &str, words| {
        // Room for all of it, so that nothing grows: two keys, and for a save the ids once more.
        let room = name.len() + 2 * (stem.len() + 3 + first.len() + second.len());
        let mut command = Cmd::with_capacity(words, room);
        command.arg(name);
        command
    };
    let mut command;
    match op {
        Op::SaveIds => {
            command = start(&names.mset, 5);
            command
                .arg(key(Half::Botmatic, first))
                .arg(second)
                .arg(key(Half::External, second))
                .arg(first);
        }
        Op::GetBotmaticId => {
            command = start(&names.get, 2);
            command.arg(key(Half::External, first));
        }
        Op::GetExtId => {
            command = start(&names.get, 2);
            command.arg(key(Half::Botmatic, first));
        }
        Op::DeleteIds => {
            command = start(&names.del, 3);
            command
                .arg(key(Half::Botmatic, first))
                .arg(key(Half::External, second));
        }
        Op::DeleteAllIds => unreachable!("a walk, not one command: see Wipe"),
    }
    out.add_command(command);
}

/// Whether a command was sent before, on a connection that was lost: it may have been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// For the first time.
    First,
    /// Once more.
    Again,
    /// Once more, and where the two keys of a pair go separate ways: perhaps one of them arrived.
    AgainInHalves,
}

/// What the reply to [`write`]'s command means. A pair delete that is sent again and finds less than
/// it could was carried out, or half of it, the first time.
pub fn answer(op: Op, sending: Sending, reply: Value, server: &Arc<str>) -> Result<Answer, Error> {
    match (op, reply) {
        (_, Value::ServerError(error)) => Err(Error::from_reply(server, &error)),
        (Op::SaveIds, Value::Okay) => Ok(Answer::Yes),
        (Op::GetBotmaticId | Op::GetExtId, Value::Nil) => Ok(Answer::Missing),
        (Op::GetBotmaticId | Op::GetExtId, Value::BulkString(id)) => Ok(Answer::Id(id)),
        (Op::DeleteIds, Value::Int(2)) => Ok(Answer::Yes),
        (Op::DeleteIds, Value::Int(found)) => Ok(match (sending, found) {
            (Sending::Again, 0) | (Sending::AgainInHalves, _) => Answer::Yes,
            _ => Answer::No,
        }),
        (op, _) => Err(unexpected(op, server)),
    }
}

fn unexpected(op: Op, server: &Arc<str>) -> Error {
    Error::Protocol {
        server: server.clone(),
        reason: format!("a reply to {} that Redis never gives", op.name()).into(),
    }
}

fn is_unknown_command(error: &ServerError) -> bool {
    error
        .details()
        .is_some_and(|detail| detail.starts_with("unknown command"))
}

#[cfg(test)]
mod tests {
    use super::testing::{any_reply, refusal};
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    const OPS: [Op; 4] = [Op::SaveIds, Op::GetBotmaticId, Op::GetExtId, Op::DeleteIds];

    fn packed(op: Op) -> String {
        let mut pipeline = redis::pipe();
        let args = Args {
            stem: b"i",
            first: b"1",
            second: b"x",
        };
        write(op, args, &Names::new(&HashMap::new()), &mut pipeline);
        String::from_utf8(pipeline.get_packed_pipeline()).unwrap()
    }

    #[test]
    fn each_call_is_one_command() {
        assert_eq!(
            packed(Op::SaveIds),
            "*5\r\n$4\r\nMSET\r\n$5\r\ni:b:1\r\n$1\r\nx\r\n$5\r\ni:e:x\r\n$1\r\n1\r\n"
        );
        assert_eq!(
            packed(Op::DeleteIds),
            "*3\r\n$3\r\nDEL\r\n$5\r\ni:b:1\r\n$5\r\ni:e:x\r\n"
        );
        assert_eq!(packed(Op::GetExtId), "*2\r\n$3\r\nGET\r\n$5\r\ni:b:1\r\n");
        assert_eq!(
            packed(Op::GetBotmaticId),
            "*2\r\n$3\r\nGET\r\n$5\r\ni:e:1\r\n"
        );
    }

    #[test]
    fn a_delete_is_true_when_both_keys_went() {
        let server: Arc<str> = "s:1".into();
        let deleted =
            |count, sending| answer(Op::DeleteIds, sending, Value::Int(count), &server).unwrap();
        assert_eq!(deleted(2, Sending::First), Answer::Yes);
        assert_eq!(deleted(1, Sending::First), Answer::No);
        assert_eq!(deleted(0, Sending::First), Answer::No);
        assert_eq!(deleted(0, Sending::Again), Answer::Yes);
        assert_eq!(deleted(1, Sending::Again), Answer::No);
        assert_eq!(deleted(1, Sending::AgainInHalves), Answer::Yes);
    }

    #[test]
    fn a_reply_of_another_kind_is_a_failure() {
        let server: Arc<str> = "s:1".into();
        let error = answer(Op::SaveIds, Sending::First, Value::Int(1), &server).unwrap_err();
        assert_eq!(error.code(), "PROTOCOL");
    }

    #[test]
    fn replies_of_a_server_that_will_serve_later_are_waited_out() {
        let server: Arc<str> = "s:1".into();
        for (text, code, passes) in [
            ("READONLY You can't write", "READONLY", true),
            ("LOADING Redis is loading", "UNREACHABLE", true),
            ("MASTERDOWN Link with MASTER is down", "UNREACHABLE", true),
            ("CLUSTERDOWN The cluster is down", "UNREACHABLE", true),
            ("TRYAGAIN Multiple keys request", "UNREACHABLE", true),
            ("BUSY Redis is busy", "UNREACHABLE", true),
            ("ERR max number of clients reached", "UNREACHABLE", true),
            ("OOM command not allowed", "OOM", false),
            ("NOAUTH Authentication required", "AUTH", false),
            ("ERR anything else", "REPLY", false),
        ] {
            let error = answer(Op::SaveIds, Sending::First, refusal(text), &server).unwrap_err();
            assert_eq!((error.code(), error.passes()), (code, passes), "{text}");
        }
    }

    const SENDINGS: [Sending; 3] = [Sending::First, Sending::Again, Sending::AgainInHalves];

    proptest! {
        #[test]
        fn any_reply_has_a_meaning(reply in any_reply(), op in 0..4_usize, sending in 0..3_usize) {
            let server: Arc<str> = "s:1".into();
            let answered = answer(OPS[op], SENDINGS[sending], reply.clone(), &server);
            match (OPS[op], answered) {
                (_, Err(error)) => prop_assert!(error.to_string().contains("s:1")),
                (Op::SaveIds, Ok(answer)) => {
                    prop_assert_eq!((answer, reply), (Answer::Yes, Value::Okay));
                }
                (Op::DeleteIds, Ok(answer)) => {
                    prop_assert!(matches!(answer, Answer::Yes | Answer::No));
                    prop_assert!(matches!(reply, Value::Int(_)));
                }
                (_, Ok(Answer::Id(id))) => prop_assert_eq!(Value::BulkString(id), reply),
                (_, Ok(answer)) => prop_assert_eq!((answer, reply), (Answer::Missing, Value::Nil)),
            }
        }
    }
}
