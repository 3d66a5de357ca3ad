//! Ids as the tables hold them: numbers and hexadecimal ids, an ObjectId say, in half their length.
//!
//! A form, then the id's bytes in that form:
//!
//! | form | the id | bytes |
//! |---|---|---|
//! | 0 | any | as they are |
//! | 1 | an even number of `0`-`9`, `a`-`f` | two to a byte |
//! | 2 | an odd number of them | two to a byte, the last beside a zero |

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// What an id looks like in the tables.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Even,
    Odd,
}

impl Form {
    fn of(id: &[u8]) -> Form {
        if !id.iter().all(|byte| digit(*byte).is_some()) {
            Form::Plain
        } else if id.len().is_multiple_of(2) {
            Form::Even
        } else {
            Form::Odd
        }
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Appends an id. `flags` are kept beside the form, in its byte.
pub(super) fn write(id: &[u8], flags: u8, out: &mut Vec<u8>) {
    let form = Form::of(id);
    out.push(form as u8 | flags);
    if form == Form::Plain {
        out.extend_from_slice(id);
        return;
    }
    out.extend(id.chunks(2).map(|pair| {
        let [high, low] = [0, 1].map(|n| pair.get(n).and_then(|byte| digit(*byte)).unwrap_or(0));
        high << 4 | low
    }));
}

/// Reads what [`write`] wrote; `None` when it did not. `flags` are the bits that are not the form's.
pub(super) fn read(written: &[u8], flags: u8) -> Option<Vec<u8>> {
    let (first, rest) = written.split_first()?;
    let form = first & !flags;
    if form == Form::Plain as u8 {
        return Some(rest.to_vec());
    }
    let digits = rest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut id: Vec<u8> = digits.map(|digit| DIGITS[usize::from(digit)]).collect();
    match form {
        1 => Some(id),
        2 => id.pop().map(|_| id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(id: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write(id, 0, &mut out);
        out
    }

    #[test]
    fn numbers_and_hexadecimal_ids_take_half() {
        for (id, bytes) in [("1234567", 5), ("507f1f77bcf86cd799439011", 13), ("x12", 4)] {
            assert_eq!(written(id.as_bytes()).len(), bytes, "{id}");
        }
    }

    proptest! {
        #[test]
        fn an_id_reads_back(id in prop_oneof!["[0-9a-f]{0,30}", "[0-9a-fA-F-]{0,30}", ".{0,9}"]) {
            prop_assert_eq!(read(&written(id.as_bytes()), 0), Some(id.into_bytes()));
        }

        #[test]
        fn two_ids_are_never_written_alike(one in "[0-2a]{0,4}", other in "[0-2a]{0,4}") {
            prop_assert_eq!(one == other, written(one.as_bytes()) == written(other.as_bytes()));
        }
    }
}
