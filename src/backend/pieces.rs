//! Commands over several keys, taken apart for the masters of a cluster and put together again.

use redis::Value;

use super::slots::slot;
use crate::options::Names;
use crate::resp::{Command, Commands, Reply};

/// The pieces of a pipeline, by the master they go to, in order.
pub struct Load {
    /// What each master gets.
    pub by_master: Vec<Commands>,
    /// All pieces in order, each with the number of its master.
    pub pieces: Vec<(usize, Commands)>,
}

impl Load {
    /// Nothing yet, for so many masters.
    pub fn new(masters: usize) -> Load {
        Load {
            by_master: vec![Commands::default(); masters],
            pieces: Vec::new(),
        }
    }

    fn add(&mut self, master: usize, command: Commands) {
        self.by_master[master].append(command.clone());
        self.pieces.push((master, command));
    }
}

/// How the replies to the pieces of a command become its reply.
pub enum Parts {
    /// The command was sent whole.
    Whole,
    /// `OK` when all are.
    Okay(usize),
    /// The sum of all.
    Sum(usize),
    /// All in a row, as `MGET` has them.
    Row(usize),
}

/// Adds the pieces of a command to the load.
///
/// `owner` tells the number of a key's master; a `SCAN` goes to `master`. A pair is one `MSET` when
/// both keys are of one slot, unless it `splits`.
pub fn take_apart(
    command: &Command<'_>,
    names: &Names,
    splits: bool,
    owner: impl Fn(&[u8]) -> usize,
    master: usize,
    load: &mut Load,
) -> Parts {
    let (name, arguments) = (command.words[0], &command.words[1..]);
    let mut each = |name: &str, size: usize| {
        for piece in arguments.chunks(size) {
            load.add(owner(piece[0]), Commands::one(name, piece));
        }
        arguments.len() / size
    };
    let takes_pairs = !splits && is_one_slot(arguments.iter().step_by(2));
    if name == names.mset.as_bytes() && !takes_pairs {
        Parts::Okay(each(&names.set, 2))
    } else if name == names.del.as_bytes() {
        Parts::Sum(each(&names.del, 1))
    } else if name == names.unlink.as_bytes() {
        Parts::Sum(each(&names.unlink, 1))
    } else if name == names.mget.as_bytes() {
        Parts::Row(each(&names.get, 1))
    } else {
        let is_scan = name == names.scan.as_bytes();
        let to = if is_scan { master } else { owner(arguments[0]) };
        load.add(to, command.into());
        Parts::Whole
    }
}

fn is_one_slot<'a>(mut keys: impl Iterator<Item = &'a &'a [u8]>) -> bool {
    let first = keys.next().map(|key| slot(key));
    keys.all(|key| Some(slot(key)) == first)
}

impl Parts {
    /// Takes the replies to its pieces off `answers`, for the reply to the command.
    pub fn put_together(self, answers: &mut impl Iterator<Item = Reply>) -> Reply {
        let mut take = |count| -> Vec<Value> {
            let replies = answers.by_ref().take(count);
            replies.map(Reply::into_value).collect()
        };
        let error = |values: &[Value]| {
            let mut errors = values.iter();
            errors
                .find(|value| matches!(value, Value::ServerError(_)))
                .cloned()
        };
        let value = match self {
            Parts::Whole => return answers.next().unwrap_or(Reply::Value(Value::Nil)),
            Parts::Okay(count) => error(&take(count)).unwrap_or(Value::Okay),
            Parts::Sum(count) => {
                let values = take(count);
                error(&values).unwrap_or_else(|| {
                    let numbers = values.iter().map(|value| match value {
                        Value::Int(number) => *number,
                        _ => 0,
                    });
                    Value::Int(numbers.sum())
                })
            }
            Parts::Row(count) => {
                let mut values = take(count);
                // What is no string is none to `MGET`.
                for value in &mut values {
                    if matches!(value, Value::ServerError(error) if error.code() == "WRONGTYPE") {
                        *value = Value::Nil;
                    }
                }
                error(&values).unwrap_or(Value::Array(values))
            }
        };
        Reply::Value(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Value {
        redis::parse_redis_value(text.as_bytes()).expect("a reply")
    }

    #[test]
    fn replies_come_back_as_if_from_one_server() {
        let wrong_type = || reply("-WRONGTYPE no string\r\n");
        let down = || reply("-CLUSTERDOWN wait\r\n");
        let x = || Value::BulkString(b"x".to_vec());
        for (parts, answers, expected) in [
            (Parts::Whole, vec![x()], x()),
            (Parts::Okay(2), vec![Value::Okay, Value::Okay], Value::Okay),
            (Parts::Okay(2), vec![Value::Okay, down()], down()),
            (
                Parts::Sum(2),
                vec![Value::Int(1), Value::Int(1)],
                Value::Int(2),
            ),
            (Parts::Sum(2), vec![down(), Value::Int(1)], down()),
            (
                Parts::Row(2),
                vec![x(), wrong_type()],
                Value::Array(vec![x(), Value::Nil]),
            ),
            (Parts::Row(2), vec![x(), down()], down()),
        ] {
            let mut answers = answers.into_iter().map(Reply::from);
            assert_eq!(parts.put_together(&mut answers), Reply::from(expected));
        }
    }
}
