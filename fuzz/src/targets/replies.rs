//! A byte that says in what pieces they arrive, and the bytes of replies.

use crate::backend::redis::replies::decode;
use bytes::BytesMut;
use redis::Value;

/// What came out: the replies, how many bytes they took, and whether they ended in nonsense.
type Decoded = (Vec<Value>, usize, bool);

fn decode_all(bytes: &[u8], pieces: impl IntoIterator<Item = usize>) -> Decoded {
    let (mut input, mut replies) = (BytesMut::new(), Vec::new());
    let (mut taken, mut arrived) = (0, 0);
    for piece in pieces {
        let end = bytes.len().min(arrived + piece);
        input.extend_from_slice(&bytes[arrived..end]);
        arrived = end;
        loop {
            let decoded = match decode(&mut input) {
                Ok(decoded) => decoded,
                Err(_) => return (replies, taken, true),
            };
            assert!(bytes[taken..arrived].ends_with(&input), "it took otherwise");
            let reply = &bytes[taken..arrived - input.len()];
            taken += reply.len();
            assert_eq!(decoded.is_some(), !reply.is_empty());
            let Some(decoded) = decoded else {
                break;
            };
            let value = decoded.into_value();
            match redis::parse_redis_value(reply) {
                Ok(same) => assert_eq!(value, same),
                // That reader takes only UTF-8.
                Err(error) => assert!(std::str::from_utf8(reply).is_err(), "{error}"),
            }
            replies.push(value);
        }
        if arrived == bytes.len() {
            break;
        }
    }
    (replies, taken, false)
}

/// Any number and any string is read back.
fn check_written(bytes: &[u8]) {
    let mut number = [0; 8];
    let length = bytes.len().min(8);
    number[..length].copy_from_slice(&bytes[..length]);
    let number = i64::from_le_bytes(number);
    let mut written = format!("*2\r\n:{number}\r\n${}\r\n", bytes.len()).into_bytes();
    written.extend_from_slice(bytes);
    written.extend_from_slice(b"\r\n");
    let items = vec![Value::Int(number), Value::BulkString(bytes.to_vec())];
    let array = (vec![Value::Array(items.clone())], written.len(), false);
    assert_eq!(decode_all(&written, [written.len()]), array);
    let length = written.len() - b"*2\r\n".len();
    let alone = decode_all(&written[b"*2\r\n".len()..], [length]);
    assert_eq!(alone, (items, length, false));
}

/// Runs one input.
pub fn run(input: &[u8]) {
    let Some((&steps, bytes)) = input.split_first() else {
        return;
    };
    check_written(bytes);
    let whole = decode_all(bytes, [bytes.len()]);
    let steps = [usize::from(steps >> 4) + 1, usize::from(steps & 15) + 1];
    assert_eq!(whole, decode_all(bytes, steps.into_iter().cycle()));
    assert_eq!(whole, decode_all(bytes, std::iter::repeat(1)));
}
