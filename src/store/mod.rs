//! What each call writes and reads in Redis, and what the replies mean.

#[cfg(test)]
pub mod testing;
mod wipe;

use std::sync::Arc;

use bytes::Bytes;
use redis::{ServerError, Value};

pub use wipe::{Step, Wipe};

use crate::error::Error;
use crate::key::Half;
use crate::options::Names;
use crate::resp::{Commands, Reply};

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
    Id(Bytes),
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

/// Adds the one command of a save, lookup or pair delete.
pub fn write(op: Op, args: Args<'_>, names: &Names, out: &mut Commands) {
    let Args {
        stem,
        first,
        second,
    } = args;
    let key = |half: Half, id| [stem, half.separator(), id];
    match op {
        Op::SaveIds => {
            out.begin(&names.mset, 4);
            out.word(key(Half::Botmatic, first));
            out.word([second]);
            out.word(key(Half::External, second));
            out.word([first]);
        }
        Op::GetBotmaticId => {
            out.begin(&names.get, 1);
            out.word(key(Half::External, first));
        }
        Op::GetExtId => {
            out.begin(&names.get, 1);
            out.word(key(Half::Botmatic, first));
        }
        Op::DeleteIds => {
            out.begin(&names.del, 2);
            out.word(key(Half::Botmatic, first));
            out.word(key(Half::External, second));
        }
        Op::DeleteAllIds => unreachable!("a walk, not one command: see Wipe"),
    }
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
pub fn answer(op: Op, sending: Sending, reply: Reply, server: &Arc<str>) -> Result<Answer, Error> {
    match (op, reply) {
        (_, Reply::Value(Value::ServerError(error))) => Err(Error::from_reply(server, &error)),
        (Op::SaveIds, Reply::Value(Value::Okay)) => Ok(Answer::Yes),
        (Op::GetBotmaticId | Op::GetExtId, Reply::Value(Value::Nil)) => Ok(Answer::Missing),
        (Op::GetBotmaticId | Op::GetExtId, Reply::Text(id)) => Ok(Answer::Id(id)),
        (Op::DeleteIds, Reply::Value(Value::Int(2))) => Ok(Answer::Yes),
        (Op::DeleteIds, Reply::Value(Value::Int(found))) => Ok(match (sending, found) {
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
        let mut commands = Commands::default();
        let args = Args {
            stem: b"i",
            first: b"1",
            second: b"x",
        };
        write(op, args, &Names::new(&HashMap::new()), &mut commands);
        String::from_utf8(commands.into_bytes()).unwrap()
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
        let deleted = |count, sending| {
            answer(Op::DeleteIds, sending, Value::Int(count).into(), &server).unwrap()
        };
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
        let error = answer(Op::SaveIds, Sending::First, Value::Int(1).into(), &server).unwrap_err();
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
            let error =
                answer(Op::SaveIds, Sending::First, refusal(text).into(), &server).unwrap_err();
            assert_eq!((error.code(), error.passes()), (code, passes), "{text}");
        }
    }

    const SENDINGS: [Sending; 3] = [Sending::First, Sending::Again, Sending::AgainInHalves];

    proptest! {
        #[test]
        fn any_reply_has_a_meaning(reply in any_reply(), op in 0..4_usize, sending in 0..3_usize) {
            let server: Arc<str> = "s:1".into();
            let answered = answer(OPS[op], SENDINGS[sending], reply.clone().into(), &server);
            match (OPS[op], answered) {
                (_, Err(error)) => prop_assert!(error.to_string().contains("s:1")),
                (Op::SaveIds, Ok(answer)) => {
                    prop_assert_eq!((answer, reply), (Answer::Yes, Value::Okay));
                }
                (Op::DeleteIds, Ok(answer)) => {
                    prop_assert!(matches!(answer, Answer::Yes | Answer::No));
                    prop_assert!(matches!(reply, Value::Int(_)));
                }
                (_, Ok(Answer::Id(id))) => prop_assert_eq!(Reply::Text(id), reply.into()),
                (_, Ok(answer)) => prop_assert_eq!((answer, reply), (Answer::Missing, Value::Nil)),
            }
        }
    }
}
