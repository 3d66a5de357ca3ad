//! Changes, as the log holds them: a frame of the log is a series of them.
//!
//! ```text
//! kind  [length stem]  [length id  length id]
//! ```
//!
//! A kind is 1 for a save, 2 for the delete of a pair, 3 for that of an integration; with 128 added, the
//! stem is that of the change before and is left out. Lengths are LEB128.

const SAVE: u8 = 1;
const DELETE: u8 = 2;
const DELETE_ALL: u8 = 3;
const SAME_STEM: u8 = 0x80;

/// What a call changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change<'a> {
    /// Both halves of a pair are written.
    Save(&'a [u8], &'a [u8], &'a [u8]),
    /// Both keys of a pair are removed.
    Delete(&'a [u8], &'a [u8], &'a [u8]),
    /// All of an integration is removed.
    DeleteAll(&'a [u8]),
}

/// Appends changes to a frame.
#[derive(Default)]
pub(super) struct Writer {
    /// The stem of the change before.
    stem: Vec<u8>,
    is_first: bool,
}

impl Writer {
    /// At the beginning of a frame.
    pub(super) fn new() -> Writer {
        Writer {
            stem: Vec::new(),
            is_first: true,
        }
    }

    /// Appends a change.
    pub(super) fn write(&mut self, change: Change<'_>, out: &mut Vec<u8>) {
        let (kind, stem, ids) = match change {
            Change::Save(stem, botmatic, external) => (SAVE, stem, Some([botmatic, external])),
            Change::Delete(stem, botmatic, external) => (DELETE, stem, Some([botmatic, external])),
            Change::DeleteAll(stem) => (DELETE_ALL, stem, None),
        };
        if !self.is_first && self.stem == stem {
            out.push(kind | SAME_STEM);
        } else {
            out.push(kind);
            write_text(stem, out);
            self.is_first = false;
            self.stem.clear();
            self.stem.extend_from_slice(stem);
        }
        for id in ids.into_iter().flatten() {
            write_text(id, out);
        }
    }
}

/// Reads the changes of a frame; `None` when it holds something else.
pub(super) fn read<'a>(mut frame: &'a [u8], mut each: impl FnMut(Change<'a>)) -> Option<()> {
    let mut stem = None;
    while let Some((kind, rest)) = frame.split_first() {
        frame = rest;
        if kind & SAME_STEM == 0 {
            stem = Some(read_text(&mut frame)?);
        }
        let stem = stem?;
        each(match kind & !SAME_STEM {
            SAVE => Change::Save(stem, read_text(&mut frame)?, read_text(&mut frame)?),
            DELETE => Change::Delete(stem, read_text(&mut frame)?, read_text(&mut frame)?),
            DELETE_ALL => Change::DeleteAll(stem),
            _ => return None,
        });
    }
    Some(())
}

fn write_text(text: &[u8], out: &mut Vec<u8>) {
    write_number(text.len() as u64, out);
    out.extend_from_slice(text);
}

fn read_text<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(read_number(from)?).ok()?;
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(text)
}

/// Appends a number, seven bits a byte, the least ones first; all but the last byte have the high bit.
pub(super) fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn changes_read_back(given: Vec<(u8, Vec<u8>, Vec<u8>, Vec<u8>)>) {
            let changes: Vec<_> = given
                .iter()
                .map(|(kind, stem, one, other)| match kind % 3 {
                    0 => Change::Save(stem, one, other),
                    1 => Change::Delete(stem, one, other),
                    _ => Change::DeleteAll(stem),
                })
                .collect();
            let (mut frame, mut writer) = (Vec::new(), Writer::new());
            for change in &changes {
                writer.write(*change, &mut frame);
            }
            let mut came = Vec::new();
            prop_assert_eq!(read(&frame, |change| came.push(change)), Some(()));
            prop_assert_eq!(came, changes);
        }

        #[test]
        fn what_is_no_frame_is_refused_without_a_panic(bytes: Vec<u8>) {
            read(&bytes, drop);
        }
    }
}
