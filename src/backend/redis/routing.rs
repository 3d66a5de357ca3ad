//! Commands over several keys, taken apart for the nodes of a cluster, and what came back put
//! together again.

use std::sync::Arc;

use redis::Value;

use super::commands::{Command, Commands, Target};
use super::operations::{HalfReception, Reception};
use super::replies::Reply;
use super::slots::slot;
use super::topology::Questions;
use crate::error::Error;
use crate::settings::Names;

/// A piece of a command, which goes to one node.
pub(super) struct Piece {
    /// The number of the node.
    pub node: usize,
    /// What is sent.
    pub command: Commands,
}

/// What came back for a piece.
pub(super) enum PieceReception {
    /// A reply.
    Reply(Reply),
    /// It was not carried out: its key is elsewhere.
    Elsewhere(Error),
    /// Nothing: it may have been carried out.
    Lost,
}

/// How the replies to the pieces of a command become its reply.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whole {
    /// The command was sent whole.
    Single,
    /// `OK` when all are, else what one of them is.
    Okay(usize),
    /// The two halves of a pair delete, each by itself.
    Halves,
    /// The sum of all.
    Sum(usize),
    /// All in a row, as `MGET` has them.
    Row(usize),
    /// What each node answers to these.
    Topology(Questions),
}

/// Takes commands apart.
pub(super) struct Router<'a, O> {
    /// The names of commands.
    pub names: &'a Names,
    /// Tells the number of a key's node.
    pub owner: O,
    /// How many nodes there are.
    pub nodes: usize,
    /// Where a `SCAN` or `KEYS` goes, in the steps of a deletion.
    pub walked: Option<usize>,
    /// Whether a pair is saved in two commands even when both keys are of one slot.
    pub splits: bool,
}

impl<O: Fn(&[u8]) -> usize> Router<'_, O> {
    /// Adds the pieces of a command to `pieces`.
    pub(super) fn take_apart(&self, command: &Command<'_>, pieces: &mut Vec<Piece>) -> Whole {
        let (name, arguments) = (command.words[0], &command.words[1..]);
        let names = self.names;
        let to = match command.target {
            Some(Target::Topology(questions)) => {
                for node in 0..self.nodes {
                    let asked = questions.commands(names).into_iter();
                    pieces.extend(asked.map(|command| Piece { node, command }));
                }
                return Whole::Topology(questions);
            }
            Some(Target::Node(node)) => Some(node),
            None => None,
        };
        let mut each = |name: &str, size: usize| {
            pieces.extend(arguments.chunks(size).map(|part| Piece {
                node: (self.owner)(part[0]),
                command: Commands::one(name, part),
            }));
            arguments.len() / size
        };
        let takes_pairs = !self.splits && is_one_slot(arguments.iter().step_by(2));
        if name == names.mset.as_bytes() && !takes_pairs {
            Whole::Okay(each(&names.set, 2))
        } else if name == names.del.as_bytes() {
            let count = each(&names.del, 1);
            match self.walked {
                None => Whole::Halves,
                Some(_) => Whole::Sum(count),
            }
        } else if name == names.unlink.as_bytes() {
            Whole::Sum(each(&names.unlink, 1))
        } else if name == names.mget.as_bytes() {
            Whole::Row(each(&names.get, 1))
        } else {
            let is_walk = [&names.scan, &names.keys]
                .map(|walk| walk.as_bytes())
                .contains(&name);
            let walked = self.walked.filter(|_| is_walk).or(to);
            pieces.push(Piece {
                node: walked.unwrap_or_else(|| (self.owner)(arguments[0])),
                command: command.into(),
            });
            Whole::Single
        }
    }
}

fn is_one_slot<'a>(mut keys: impl Iterator<Item = &'a &'a [u8]>) -> bool {
    let first = keys.next().map(|key| slot(key));
    keys.all(|key| Some(slot(key)) == first)
}

impl Whole {
    /// Takes what came for its pieces off `came`, for what came for the command.
    pub(super) fn put_together(
        self,
        came: &mut impl Iterator<Item = PieceReception>,
        server: &Arc<str>,
    ) -> Reception {
        let mut take = || came.next().unwrap_or(PieceReception::Lost);
        match self {
            Whole::Single => match take() {
                PieceReception::Reply(reply) => Reception::Reply(reply),
                PieceReception::Elsewhere(error) => Reception::Refused(error),
                PieceReception::Lost => Reception::Lost,
            },
            Whole::Halves => halves([take(), take()], server),
            Whole::Okay(count) => all(came.take(count), |values| {
                let mut others = values.into_iter().filter(|value| *value != Value::Okay);
                others.next().unwrap_or(Value::Okay)
            }),
            Whole::Sum(count) => all(came.take(count), |values| {
                let numbers = values.iter().map(|value| match value {
                    Value::Int(number) => *number,
                    _ => 0,
                });
                Value::Int(numbers.sum())
            }),
            Whole::Row(count) => {
                let came = came.take(count).map(|came| match came {
                    // What is no string is none to `MGET`.
                    PieceReception::Reply(Reply::Value(Value::ServerError(error)))
                        if error.code() == "WRONGTYPE" =>
                    {
                        PieceReception::Reply(Value::Nil.into())
                    }
                    came => came,
                });
                all(came, Value::Array)
            }
            Whole::Topology(_) => unreachable!("by the cluster, which knows its nodes"),
        }
    }
}

fn halves(came: [PieceReception; 2], server: &Arc<str>) -> Reception {
    let mut nonsense = None;
    let halves = came.map(|came| match came {
        PieceReception::Reply(Reply::Value(Value::Int(found))) => HalfReception::Found(found > 0),
        PieceReception::Reply(Reply::Value(Value::ServerError(error))) => {
            HalfReception::Refused(Error::from_reply(server, &error))
        }
        PieceReception::Reply(reply) => {
            nonsense = Some(reply);
            HalfReception::Lost
        }
        PieceReception::Elsewhere(error) => HalfReception::Refused(error),
        PieceReception::Lost => HalfReception::Lost,
    });
    nonsense.map_or(Reception::Halves(halves), Reception::Reply)
}

/// What came for a command that counts only when all its pieces are carried out. Takes all of `came`:
/// what is left would be taken for the next command's.
fn all(
    came: impl Iterator<Item = PieceReception>,
    whole: impl FnOnce(Vec<Value>) -> Value,
) -> Reception {
    let (mut values, mut failed, mut refused, mut is_lost) = (Vec::new(), None, None, false);
    for came in came {
        match came {
            PieceReception::Reply(Reply::Value(error @ Value::ServerError(_))) => {
                failed.get_or_insert(error);
            }
            PieceReception::Reply(reply) => values.push(reply.into_value()),
            PieceReception::Elsewhere(error) => refused = Some(error),
            PieceReception::Lost => is_lost = true,
        }
    }
    match (failed, refused) {
        (Some(error), _) => Reception::Reply(error.into()),
        (None, Some(error)) => Reception::Refused(error),
        (None, None) if is_lost => Reception::Lost,
        (None, None) => Reception::Reply(whole(values).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> PieceReception {
        let value = redis::parse_redis_value(text.as_bytes()).expect("a reply");
        PieceReception::Reply(value.into())
    }

    fn shown(whole: Whole, came: Vec<PieceReception>) -> String {
        match whole.put_together(&mut came.into_iter(), &"s:1".into()) {
            Reception::Reply(Reply::Value(Value::ServerError(error))) => error.code().to_owned(),
            Reception::Reply(reply) => format!("{:?}", reply.into_value()),
            Reception::Halves(halves) => format!("{halves:?}"),
            Reception::Topology(told) => format!("{told:?}"),
            Reception::Refused(error) => error.code().to_owned(),
            Reception::Lost => "lost".to_owned(),
        }
    }

    #[test]
    fn replies_come_back_as_if_from_one_server() {
        let wrong_type = || reply("-WRONGTYPE no string\r\n");
        let down = || reply("-CLUSTERDOWN wait\r\n");
        let x = || reply("$1\r\nx\r\n");
        let (ok, one) = (|| reply("+OK\r\n"), || reply(":1\r\n"));
        let lost = || PieceReception::Lost;
        let elsewhere = || {
            let (server, reason) = ("s:2".into(), "moved".into());
            PieceReception::Elsewhere(Error::Unreachable { server, reason })
        };
        for (whole, came, expected) in [
            (Whole::Single, vec![x()], "bulk-string('\"x\"')"),
            (Whole::Single, vec![elsewhere()], "UNREACHABLE"),
            (Whole::Okay(2), vec![ok(), ok()], "ok"),
            (Whole::Okay(2), vec![ok(), down()], "CLUSTERDOWN"),
            (Whole::Okay(2), vec![ok(), one()], "int(1)"),
            (Whole::Okay(2), vec![ok(), lost()], "lost"),
            (Whole::Okay(2), vec![lost(), elsewhere()], "UNREACHABLE"),
            (Whole::Sum(2), vec![one(), one()], "int(2)"),
            (Whole::Sum(2), vec![down(), one()], "CLUSTERDOWN"),
            (Whole::Row(2), vec![x(), down()], "CLUSTERDOWN"),
            (
                Whole::Row(2),
                vec![x(), wrong_type()],
                "array([bulk-string('\"x\"'), nil])",
            ),
            (Whole::Halves, vec![one(), lost()], "[Found(true), Lost]"),
            (Whole::Halves, vec![one(), ok()], "ok"),
        ] {
            assert_eq!(shown(whole, came), expected);
        }
    }

    #[test]
    fn an_error_leaves_the_pieces_of_the_next_command_to_it() {
        let (ok, down) = (|| reply("+OK\r\n"), || reply("-CLUSTERDOWN wait\r\n"));
        for whole in [Whole::Okay(2), Whole::Sum(2), Whole::Row(2)] {
            // Each half of two commands, on a server that refuses and on one that does not.
            let mut came = [down(), ok(), ok(), down()].into_iter();
            for _ in 0..2 {
                let came = whole.put_together(&mut came, &"s:1".into());
                let Reception::Reply(Reply::Value(Value::ServerError(error))) = came else {
                    panic!("{whole:?}: {came:?}");
                };
                assert_eq!(error.code(), "CLUSTERDOWN");
            }
            assert!(came.next().is_none());
        }
    }
}
