//! What one sending is owed, and what has come of it.

use std::io;
use std::iter;
use std::vec;

use bytes::BytesMut;
use redis::Value;

use super::commands::Shared;
use super::replies::{Reply, decode, decode_head, nonsense};

/// What one sending is owed.
pub(super) struct InFlight {
    count: usize,
    /// What has come of it.
    pub replies: Vec<Reply>,
    /// Commands that several calls share, whose replies have not begun to come.
    shared: vec::IntoIter<Shared>,
    /// How much of such a reply is to come.
    left: usize,
    /// Whether one has come that was no error.
    has_shared: bool,
}

impl InFlight {
    /// So many replies, of which those of `shared` come together.
    pub(super) fn new(count: usize, shared: Vec<Shared>) -> InFlight {
        InFlight {
            count,
            replies: Vec::with_capacity(count),
            shared: shared.into_iter(),
            left: 0,
            has_shared: false,
        }
    }

    /// Whether all has come.
    fn is_complete(&self) -> bool {
        self.replies.len() == self.count
    }

    /// Whether a reply has come that several calls share, and was no error.
    pub(super) fn has_shared(&self) -> bool {
        self.has_shared
    }

    /// Whether a reply has come in part.
    pub(super) fn is_within(&self) -> bool {
        self.left > 0
    }

    /// The command that several calls share, when its reply comes next.
    pub(super) fn next_shared(&self) -> Option<Shared> {
        let next = self.shared.as_slice().first().copied();
        next.filter(|shared| shared.after == self.replies.len())
    }

    /// Takes what has come off `input`; gives whether that is all.
    pub(super) fn take(&mut self, input: &mut BytesMut) -> io::Result<bool> {
        if self.has_shared || !self.shared.as_slice().is_empty() {
            while !self.is_complete() && self.take_next(input)? {}
            return Ok(self.is_complete());
        }
        while !self.is_complete() {
            let Some(reply) = decode(input)? else {
                return Ok(false);
            };
            self.replies.push(reply);
        }
        Ok(true)
    }

    /// Takes the next reply, which may be of several calls; gives whether it was there.
    fn take_next(&mut self, input: &mut BytesMut) -> io::Result<bool> {
        if let Some(shared) = self.next_shared() {
            return self.begin(shared, input);
        }
        let Some(mut reply) = decode(input)? else {
            return Ok(false);
        };
        if self.left > 0 {
            self.left -= 1;
            if let Reply::Value(value) = reply {
                reply = Reply::Shared(value);
            }
        }
        self.replies.push(reply);
        Ok(true)
    }

    /// Takes the head of a reply that several calls share, or the error that is all of it.
    fn begin(&mut self, shared: Shared, input: &mut BytesMut) -> io::Result<bool> {
        match decode_head(input, shared.calls)? {
            None => return Ok(false),
            Some(true) => {
                self.left = shared.calls;
                self.has_shared = true;
            }
            Some(false) => match decode(input)? {
                None => return Ok(false),
                Some(Reply::Value(error @ Value::ServerError(_))) => {
                    let replies = iter::repeat_n(Reply::Shared(error), shared.calls);
                    self.replies.extend(replies);
                }
                Some(_) => return Err(nonsense()),
            },
        }
        self.shared.next();
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::testing::refusal;

    /// What comes of a lookup, three that share a command, and another one, when the bytes arrive in
    /// pieces of `step`.
    fn taken(bytes: &[u8], step: usize) -> io::Result<InFlight> {
        let shared = Shared { after: 1, calls: 3 };
        let (mut owed, mut input) = (InFlight::new(5, vec![shared]), BytesMut::new());
        for piece in bytes.chunks(step) {
            input.extend_from_slice(piece);
            owed.take(&mut input)?;
        }
        Ok(owed)
    }

    #[test]
    fn each_call_that_shares_a_command_has_a_reply_of_its_own() {
        let text = |text: &'static str| Reply::Text(text.into());
        let bytes = b"$1\r\na\r\n*3\r\n$1\r\nb\r\n$-1\r\n$1\r\nc\r\n$-1\r\n";
        for step in [1, 2, 7, bytes.len()] {
            let expected = [
                text("a"),
                text("b"),
                Reply::Shared(Value::Nil),
                text("c"),
                Reply::Value(Value::Nil),
            ];
            assert_eq!(taken(bytes, step).unwrap().replies, expected);
        }
    }

    #[test]
    fn an_error_is_that_of_all_who_share_the_command() {
        let owed = taken(b"$1\r\na\r\n-NOPERM no\r\n$1\r\nd\r\n", 3).unwrap();
        let error = Reply::Shared(refusal("NOPERM no"));
        assert_eq!(owed.replies[1..4], [error.clone(), error.clone(), error]);
        assert!(owed.is_complete());
    }

    #[test]
    fn what_came_of_a_part_is_kept() {
        let mut bytes = b"$1\r\na\r\n*3\r\n".to_vec();
        for come in 0..3 {
            let owed = taken(&bytes, 99).unwrap();
            assert_eq!((owed.replies.len(), owed.is_within()), (1 + come, true));
            bytes.extend_from_slice(b"$1\r\nb\r\n");
        }
        assert!(!taken(&bytes, 99).unwrap().is_within());
    }

    #[test]
    fn another_array_or_reply_is_nonsense() {
        for reply in [&b"*2\r\n"[..], b"*-1\r\n", b":3\r\n", b"$1\r\nx\r\n"] {
            let bytes = [b"$1\r\na\r\n", reply, b"$1\r\nb\r\n$1\r\nb\r\n"].concat();
            let error = taken(&bytes, 99).err().expect("it is none of ours");
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
