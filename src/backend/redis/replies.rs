//! Replies, as they come out of the bytes that have arrived.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use redis::Value;

/// Longer than any line of Redis: what goes on further is none.
const MAX_LINE: usize = 64 * 1024;

/// Deeper than any reply of Redis is nested.
const MAX_DEPTH: usize = 16;

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    /// A string; a part of what arrived, not a copy.
    Text(Bytes),
    /// Any other; an error is [`Value::ServerError`].
    Value(Value),
    /// What there is for one of several calls that share a command, where that is no string.
    Shared(Value),
}

impl Reply {
    /// The reply as the redis crate has it.
    pub(super) fn into_value(self) -> Value {
        match self {
            Reply::Text(text) => Value::BulkString(text.into()),
            Reply::Value(value) | Reply::Shared(value) => value,
        }
    }
}

impl From<Value> for Reply {
    fn from(value: Value) -> Reply {
        match value {
            Value::BulkString(text) => Reply::Text(text.into()),
            value => Reply::Value(value),
        }
    }
}

/// Takes the first reply off `input`; `None` when it has not arrived in full. Fails when this is no
/// Redis (`InvalidData`).
pub(super) fn decode(input: &mut BytesMut) -> io::Result<Option<Reply>> {
    let Some(line) = Line::first(input)? else {
        return Ok(None);
    };
    // What nearly every call is answered with comes first.
    let value = match line.kind {
        b'+' if line.text == b"OK" => Value::Okay,
        b':' => Value::Int(line.number()?),
        b'$' => {
            let Some(length) = line.length()? else {
                input.advance(line.end);
                return Ok(Some(Reply::Value(Value::Nil)));
            };
            let (start, end) = (line.end, line.end.saturating_add(length).saturating_add(2));
            if input.len() < end {
                return Ok(None);
            }
            if !input[..end].ends_with(b"\r\n") {
                return Err(nonsense());
            }
            let mut text = input.split_to(end).freeze();
            text.advance(start);
            text.truncate(length);
            return Ok(Some(Reply::Text(text)));
        }
        _ => {
            let Some(end) = end_of_reply(input)? else {
                return Ok(None);
            };
            let whole = input.split_to(end);
            return Ok(Some(value(&mut &whole[..], MAX_DEPTH)?.into()));
        }
    };
    input.advance(line.end);
    Ok(Some(Reply::Value(value)))
}

/// Takes the head of an array off `input`, when an array of so many replies comes first; `None` when that
/// is not known yet.
pub(super) fn decode_head(input: &mut BytesMut, length: usize) -> io::Result<Option<bool>> {
    let Some(line) = Line::first(input)? else {
        return Ok(None);
    };
    let is_it = line.kind == b'*' && line.length()? == Some(length);
    if is_it {
        let end = line.end;
        input.advance(end);
    }
    Ok(Some(is_it))
}

/// Reads a reply that is there in full. Errors are bytes too: Redis cuts what it quotes at a length,
/// in the middle of a character if it comes so.
fn value(rest: &mut &[u8], depth: usize) -> io::Result<Value> {
    let line = Line::first(rest)?.ok_or_else(nonsense)?;
    *rest = &rest[line.end..];
    let text = || String::from_utf8_lossy(line.text);
    Ok(match line.kind {
        b'+' if line.text == b"OK" => Value::Okay,
        b'+' => Value::SimpleString(text().into_owned()),
        b'-' => redis::parse_redis_value(format!("-{}\r\n", text()).as_bytes())
            .map_err(|_| nonsense())?,
        b':' => Value::Int(line.number()?),
        b'$' => match line.length()? {
            None => Value::Nil,
            Some(length) => {
                let (string, after) = rest.split_at_checked(length).ok_or_else(nonsense)?;
                *rest = after.strip_prefix(b"\r\n").ok_or_else(nonsense)?;
                Value::BulkString(string.to_vec())
            }
        },
        _ => match line.length()? {
            None => Value::Nil,
            Some(_) if depth == 0 => return Err(nonsense()),
            Some(length) => {
                let items = (0..length).map(|_| value(rest, depth - 1));
                Value::Array(items.collect::<io::Result<_>>()?)
            }
        },
    })
}

/// Where the first reply ends, with all that is nested in it; `None` when it has not arrived in full.
fn end_of_reply(input: &[u8]) -> io::Result<Option<usize>> {
    let (mut at, mut left) = (0_usize, 1_usize);
    while left > 0 {
        let Some(line) = input.get(at..).map(Line::first).transpose()?.flatten() else {
            return Ok(None);
        };
        at += line.end;
        left -= 1;
        match line.kind {
            b'+' | b'-' | b':' => {}
            b'$' => at = at.saturating_add(line.length()?.map_or(0, |length| length + 2)),
            b'*' => left = left.saturating_add(line.length()?.unwrap_or(0)),
            _ => return Err(nonsense()),
        }
    }
    Ok((at <= input.len()).then_some(at))
}

/// The line that every reply begins with.
struct Line<'a> {
    kind: u8,
    text: &'a [u8],
    /// Where what comes after it begins.
    end: usize,
}

impl Line<'_> {
    fn first(input: &[u8]) -> io::Result<Option<Line<'_>>> {
        let Some(&kind) = input.first() else {
            return Ok(None);
        };
        if !b"+-:$*".contains(&kind) {
            return Err(nonsense());
        }
        let head = &input[..input.len().min(MAX_LINE)];
        match head.iter().position(|&byte| byte == b'\n') {
            Some(end) => match head[1..end].strip_suffix(b"\r") {
                Some(text) => Ok(Some(Line {
                    kind,
                    text,
                    end: end + 1,
                })),
                None => Err(nonsense()),
            },
            None if head.len() == MAX_LINE => Err(nonsense()),
            None => Ok(None),
        }
    }

    fn number(&self) -> io::Result<i64> {
        let (sign, digits) = match self.text {
            [b'-', digits @ ..] => (-1, digits),
            digits => (1, digits),
        };
        let mut number = 0_i64;
        for digit in digits {
            let digit = digit.wrapping_sub(b'0');
            let longer = number.checked_mul(10).filter(|_| digit < 10);
            let longer = longer.and_then(|tens| tens.checked_add(sign * i64::from(digit)));
            number = longer.ok_or_else(nonsense)?;
        }
        if digits.is_empty() {
            return Err(nonsense());
        }
        Ok(number)
    }

    /// A length; `None` for that of nothing, -1.
    fn length(&self) -> io::Result<Option<usize>> {
        match self.number()? {
            -1 => Ok(None),
            number => match usize::try_from(number) {
                Ok(length) if length < usize::MAX / 2 => Ok(Some(length)),
                _ => Err(nonsense()),
            },
        }
    }
}

pub(super) fn nonsense() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "what came is no reply in its protocol",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All replies in `bytes`, which arrive in pieces of `step`.
    fn replies(bytes: &[u8], step: usize) -> io::Result<Vec<Value>> {
        let (mut input, mut all) = (BytesMut::new(), Vec::new());
        for piece in bytes.chunks(step) {
            input.extend_from_slice(piece);
            while let Some(reply) = decode(&mut input)? {
                all.push(reply.into_value());
            }
        }
        Ok(all)
    }

    #[test]
    fn replies_come_out_whole_however_they_arrive() {
        let text = |text: &str| Value::BulkString(text.into());
        let bytes = b"+OK\r\n:-7\r\n$-1\r\n$0\r\n\r\n$4\r\na\r\nb\r\n+PONG\r\n*-1\r\n\
            *3\r\n$1\r\n0\r\n*2\r\n$2\r\nk1\r\n$-1\r\n:1\r\n-WRONGTYPE no\r\n:1\r\n";
        for step in [1, 2, 7, bytes.len()] {
            let mut replies = replies(bytes, step).unwrap();
            assert!(
                matches!(replies.remove(8), Value::ServerError(error) if error.code() == "WRONGTYPE")
            );
            assert_eq!(
                replies,
                [
                    Value::Okay,
                    Value::Int(-7),
                    Value::Nil,
                    text(""),
                    text("a\r\nb"),
                    Value::SimpleString("PONG".to_owned()),
                    Value::Nil,
                    Value::Array(vec![
                        text("0"),
                        Value::Array(vec![text("k1"), Value::Nil]),
                        Value::Int(1)
                    ]),
                    Value::Int(1),
                ]
            );
        }
    }

    #[test]
    fn an_error_that_is_cut_inside_a_character_is_one_all_the_same() {
        let shown = |bytes: &[u8]| match replies(bytes, 3).unwrap().remove(0) {
            Value::ServerError(error) => error.details().unwrap().to_owned(),
            Value::Array(mut items) => match items.remove(0) {
                Value::ServerError(error) => error.details().unwrap().to_owned(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!(shown(b"-ERR unknown '\xc3\r\n"), "unknown '\u{fffd}");
        assert_eq!(shown(b"*1\r\n-ERR unknown '\xc3\r\n"), "unknown '\u{fffd}");
        let said = replies(b"+caf\xc3\r\n", 99).unwrap();
        assert_eq!(said, [Value::SimpleString("caf\u{fffd}".to_owned())]);
    }

    #[test]
    fn what_is_no_redis_is_told_at_once() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"+OK\n",
            b":one\r\n",
            b"$-2\r\n",
            b"$1\r\nabc",
            b"$9223372036854775807\r\n",
            b"*1\r\n?\r\n",
            &[b"+".as_slice(), &[b'x'; MAX_LINE]].concat(),
            &b"*1\r\n".repeat(10_000),
        ] {
            let mut bytes = bytes.to_vec();
            bytes.extend_from_slice(b":1\r\n");
            let error = replies(&bytes, bytes.len()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_replies_or_none(
            bytes in prop::collection::vec(prop::sample::select(b"+-:$*0129ab\r\n".to_vec()), 0..40),
            step in 1_usize..9,
        ) {
            let (whole, pieces) = (replies(&bytes, 99), replies(&bytes, step));
            prop_assert_eq!(whole.is_ok(), pieces.is_ok());
            prop_assert_eq!(whole.ok(), pieces.ok());
        }
    }
}
