//! What each call on a pair sends, and what its replies mean.

use std::sync::Arc;

use redis::Value;

use super::commands::Commands;
use super::dialect::{Feature, Lacks, is_lacking};
use super::replies::Reply;
use super::topology::Topology;
use crate::backend::{History, Outcome};
use crate::call::{Answer, Args, Operation};
use crate::error::{Error, ReplyKind, reply_text};
use crate::key::Half;
use crate::settings::Names;

/// Adds the one command of a save, lookup or pair delete.
pub(super) fn write(operation: Operation, args: Args<'_>, names: &Names, out: &mut Commands) {
    let Args {
        stem,
        first,
        second,
    } = args;
    let key = |half: Half, id| [stem, half.separator(), id];
    match operation {
        Operation::SaveIds => {
            out.begin(&names.mset, 4);
            out.word(key(Half::Botmatic, first));
            out.word([second]);
            out.word(key(Half::External, second));
            out.word([first]);
        }
        Operation::GetBotmaticId | Operation::GetBotmaticIds => {
            out.begin(&names.get, 1);
            out.word(key(Half::External, first));
        }
        Operation::GetExtId | Operation::GetExtIds => {
            out.begin(&names.get, 1);
            out.word(key(Half::Botmatic, first));
        }
        Operation::DeleteIds => {
            out.begin(&names.del, 2);
            out.word(key(Half::Botmatic, first));
            out.word(key(Half::External, second));
        }
        Operation::DeleteAllIds | Operation::ListIds => {
            unreachable!("see Deletion and Page, which know where they are")
        }
        Operation::Compact | Operation::Backup => unreachable!("of a file only"),
    }
}

/// What came back for a command.
#[derive(Debug)]
pub(super) enum Reception {
    /// Its reply.
    Reply(Reply),
    /// The replies to a pair delete whose halves lie on different servers.
    Halves([HalfReception; 2]),
    /// What the nodes of a cluster told of themselves.
    Topology(Result<Topology, Error>),
    /// It was not carried out in full: a key of it is elsewhere now.
    Refused(Error),
    /// Nothing: it may have been carried out.
    Lost,
}

/// What came back for one half of a pair delete.
#[derive(Debug)]
pub(super) enum HalfReception {
    /// Whether it was there.
    Found(bool),
    /// It was not deleted.
    Refused(Error),
    /// Nothing: it may have been deleted.
    Lost,
}

/// What was [`Reception`] for [`write()`]'s command means. Fails when it is no reply to it: the connection
/// is out of step.
pub(super) fn outcome(
    operation: Operation,
    came: Reception,
    history: &mut History,
    server: &Arc<str>,
    lacks: Lacks,
) -> Result<Outcome, Error> {
    match came {
        Reception::Reply(reply) => of_reply(operation, reply, history, server, lacks),
        Reception::Halves(halves) => Ok(both(halves, history)),
        Reception::Refused(error) => Ok(Outcome::Refused(error)),
        Reception::Topology(_) | Reception::Lost => {
            history.is_lost = true;
            Ok(Outcome::Lost)
        }
    }
}

/// What a reply to [`write()`]'s command means.
#[inline]
pub(super) fn of_reply(
    operation: Operation,
    reply: Reply,
    history: &mut History,
    server: &Arc<str>,
    lacks: Lacks,
) -> Result<Outcome, Error> {
    let answer = match (operation, reply) {
        (Operation::SaveIds, Reply::Value(Value::Okay)) => Answer::Yes,
        (
            Operation::GetBotmaticId
            | Operation::GetExtId
            | Operation::GetBotmaticIds
            | Operation::GetExtIds,
            Reply::Text(id),
        ) => match history.had_no_string {
            false => Answer::Id(id),
            true => Answer::Missing,
        },
        (Operation::DeleteIds, Reply::Value(Value::Int(found))) => {
            history.deleted(found.clamp(0, 2) as u8)
        }
        (lookup, Reply::Value(Value::Nil)) if lookup.half().is_some() => Answer::Missing,
        (_, Reply::Shared(Value::Nil)) => {
            history.had_no_string = true;
            return Ok(Outcome::Again(None));
        }
        (operation, reply) => return of_other(operation, reply, history, server, lacks),
    };
    Ok(Outcome::Settled(Ok(answer)))
}

/// What a reply means that is none of those that a call is for.
#[cold]
fn of_other(
    operation: Operation,
    reply: Reply,
    history: &mut History,
    server: &Arc<str>,
    lacks: Lacks,
) -> Result<Outcome, Error> {
    let (error, is_shared) = match reply {
        Reply::Value(Value::ServerError(error)) => (error, false),
        Reply::Shared(Value::ServerError(error)) => (error, true),
        _ => {
            history.is_lost = true;
            return Err(unexpected(operation, server));
        }
    };
    let error = match operation {
        // The pair may be saved in two commands.
        Operation::SaveIds if is_lacking(&error) && !lacks.has(Feature::Pairs) => Error::Reply {
            server: server.clone(),
            kind: ReplyKind::OneKey,
            reply: reply_text(&error),
        },
        _ => Error::from_reply(server, &error),
    };
    Ok(
        match error.is_transient() && !(is_shared && is_of_keys(&error)) {
            true => Outcome::Refused(error),
            false if is_shared => Outcome::Again(Some(error)),
            false => Outcome::Settled(Err(error)),
        },
    )
}

/// Whether a command was refused for its several keys.
pub(super) fn is_of_keys(error: &Error) -> bool {
    let kind = ReplyKind::OneKey;
    matches!(error, Error::Reply { kind: of, .. } if *of == kind)
}

fn both(halves: [HalfReception; 2], history: &mut History) -> Outcome {
    let mut outcome = None;
    for (half, was_found) in halves.into_iter().zip(&mut history.halves) {
        match half {
            HalfReception::Found(is_found) => *was_found |= is_found,
            HalfReception::Refused(error) if error.is_transient() => {
                outcome = Some(Outcome::Refused(error))
            }
            HalfReception::Refused(error) => return Outcome::Settled(Err(error)),
            HalfReception::Lost => {
                *was_found = true;
                outcome.get_or_insert(Outcome::Lost);
            }
        }
    }
    // Both went in one step before, and that was lost: see `History::deleted`.
    let was_done = history.is_lost && (history.halves == [false; 2] || history.is_overwritten);
    let answer = Answer::from(history.halves == [true; 2] || was_done);
    outcome.unwrap_or(Outcome::Settled(Ok(answer)))
}

/// A reply that Redis never gives to this call.
pub(super) fn unexpected(operation: Operation, server: &Arc<str>) -> Error {
    Error::Protocol {
        server: server.clone(),
        reason: format!("a reply to {} that Redis never gives", operation.name()).into(),
    }
}

#[cfg(test)]
mod tests;
