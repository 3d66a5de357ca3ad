//! What each call on a pair sends, and what its replies mean.

use std::sync::Arc;

use redis::Value;

use crate::error::Error;
use crate::key::Half;
use crate::options::Names;
use crate::resp::{Commands, Reply};
use crate::store::{Answer, Args, Op};

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
        Op::DeleteAllIds => unreachable!("a walk, not one command: see Deletion"),
    }
}

/// What came back for a command.
#[derive(Debug)]
pub enum Came {
    /// Its reply.
    Reply(Reply),
    /// The replies to a pair delete whose halves lie on different servers.
    Halves([HalfCame; 2]),
    /// It was not carried out in full: a key of it is elsewhere now.
    Refused(Error),
    /// Nothing: it may have been carried out.
    Lost,
}

/// What came back for one half of a pair delete.
#[derive(Debug)]
pub enum HalfCame {
    /// Whether it was there.
    Found(bool),
    /// It was not deleted.
    Refused(Error),
    /// Nothing: it may have been deleted.
    Lost,
}

/// What became of a call that was sent.
#[derive(Debug)]
pub enum Outcome {
    /// It was carried out, or failed for good.
    Settled(Result<Answer, Error>),
    /// It was not carried out in full, and may be later or elsewhere.
    Refused(Error),
    /// It may have been carried out.
    Lost,
    /// What came back is no reply to it: the connection is out of step.
    Nonsense(Error),
}

/// What earlier sendings of a pair delete have done, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Earlier {
    /// How many of its keys they found, where each was one command.
    found: u8,
    /// Which halves they found, or may have found, where each was a command of its own.
    halves: [bool; 2],
    /// Whether one was lost that was a single command.
    is_lost: bool,
    /// Whether a call after it, lost with it, saves one of its keys anew: what is found of it later
    /// then says nothing.
    pub is_overwritten: bool,
}

impl Earlier {
    /// The answer, given what the last sending found.
    fn answer(&mut self, found: i64) -> Answer {
        self.found = self.found.saturating_add(found.clamp(0, 2) as u8);
        let was_done = self.is_lost && (found == 0 || self.is_overwritten);
        yes(self.found >= 2 || was_done)
    }
}

fn yes(is_yes: bool) -> Answer {
    if is_yes { Answer::Yes } else { Answer::No }
}

/// What [`Came`] for [`write`]'s command means.
pub fn outcome(op: Op, came: Came, earlier: &mut Earlier, server: &Arc<str>) -> Outcome {
    match came {
        Came::Reply(reply) => of_reply(op, reply, earlier, server),
        Came::Halves(halves) => both(halves, earlier),
        Came::Refused(error) => Outcome::Refused(error),
        Came::Lost => {
            earlier.is_lost = true;
            Outcome::Lost
        }
    }
}

/// What a reply to [`write`]'s command means.
#[inline]
pub fn of_reply(op: Op, reply: Reply, earlier: &mut Earlier, server: &Arc<str>) -> Outcome {
    let answer = match (op, reply) {
        (Op::SaveIds, Reply::Value(Value::Okay)) => Answer::Yes,
        (Op::GetBotmaticId | Op::GetExtId, Reply::Value(Value::Nil)) => Answer::Missing,
        (Op::GetBotmaticId | Op::GetExtId, Reply::Text(id)) => Answer::Id(id),
        (Op::DeleteIds, Reply::Value(Value::Int(found))) => earlier.answer(found),
        (op, reply) => return of_other(op, reply, earlier, server),
    };
    Outcome::Settled(Ok(answer))
}

/// What a reply means that is none of those that a call is for.
#[cold]
fn of_other(op: Op, reply: Reply, earlier: &mut Earlier, server: &Arc<str>) -> Outcome {
    let Reply::Value(Value::ServerError(error)) = reply else {
        earlier.is_lost = true;
        return Outcome::Nonsense(unexpected(op, server));
    };
    let error = Error::from_reply(server, &error);
    match error.passes() {
        true => Outcome::Refused(error),
        false => Outcome::Settled(Err(error)),
    }
}

fn both(halves: [HalfCame; 2], earlier: &mut Earlier) -> Outcome {
    let mut outcome = None;
    for (half, was_found) in halves.into_iter().zip(&mut earlier.halves) {
        match half {
            HalfCame::Found(is_found) => *was_found |= is_found,
            HalfCame::Refused(error) if error.passes() => outcome = Some(Outcome::Refused(error)),
            HalfCame::Refused(error) => return Outcome::Settled(Err(error)),
            HalfCame::Lost => {
                *was_found = true;
                outcome.get_or_insert(Outcome::Lost);
            }
        }
    }
    let answer = yes(earlier.halves == [true; 2]);
    outcome.unwrap_or(Outcome::Settled(Ok(answer)))
}

/// A reply that Redis never gives to this call.
pub fn unexpected(op: Op, server: &Arc<str>) -> Error {
    Error::Protocol {
        server: server.clone(),
        reason: format!("a reply to {} that Redis never gives", op.name()).into(),
    }
}

#[cfg(test)]
mod tests;
