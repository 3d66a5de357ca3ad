//! The rows of the tables: their keys, and what they hold.

use super::change::write_number;
use super::id;
use crate::key::Half;

/// Which half a row is of, in the byte of its id's form.
pub(super) const EXTERNAL: u8 = 0x80;

/// A row to be written, or to be removed.
pub(super) struct Row {
    key: Vec<u8>,
    /// Which half of a pair it is.
    pub half: Half,
    /// What it is to hold.
    pub other: Option<Vec<u8>>,
}

impl Row {
    /// The row of an id.
    pub(super) fn new(number: u64, half: Half, id: &[u8], other: Option<&[u8]>) -> Row {
        Row {
            key: key(number, half, id),
            half,
            other: other.map(|other| {
                let mut written = Vec::with_capacity(1 + other.len());
                id::write(other, 0, &mut written);
                written
            }),
        }
    }

    /// Where it stands among the others.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }
}

/// The key of the row of an id: the number of its stem, its half and the id.
pub(super) fn key(number: u64, half: Half, id: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(10 + id.len());
    write_number(number, &mut key);
    let flags = if half == Half::External { EXTERNAL } else { 0 };
    id::write(id, flags, &mut key);
    key
}

/// Between which keys all rows of a number are.
pub(super) fn bounds(number: u64) -> (Vec<u8>, Vec<u8>) {
    let mut from = Vec::new();
    write_number(number, &mut from);
    let mut to = from.clone();
    // The last byte of a number is below 0x80, and no number begins with another.
    if let Some(last) = to.last_mut() {
        *last += 1;
    }
    (from, to)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Where a number takes a byte more, and beside it.
    pub(in super::super) const NUMBERS: [u64; 12] = [
        0, 1, 126, 127, 128, 129, 255, 256, 16_383, 16_384, 16_385, 2_097_152,
    ];

    #[test]
    fn the_keys_of_a_number_are_within_its_bounds_and_no_others() {
        for number in NUMBERS {
            let (from, to) = bounds(number);
            for other in NUMBERS {
                for (half, id) in [
                    (Half::Botmatic, &b""[..]),
                    (Half::External, &[0xff; 9]),
                    (Half::External, b"zzz"),
                ] {
                    let key = key(other, half, id);
                    let is_within = from <= key && key < to;
                    assert_eq!(is_within, other == number, "{other} in {number}");
                }
            }
        }
    }
}
