//! Ids as the tables hold them: numbers and hexadecimal ids, an ObjectId say, in half their length, other
//! letters and digits in three quarters.
//!
//! A form, then the id's symbols, packed without a gap, the first in the high bits; what is left of the
//! last byte is zero:
//!
//! | form | symbols | bits of one |
//! |---|---|---|
//! | 0 | any bytes | 8 |
//! | 1 | `0`-`9`, `a`-`f` | 4 |
//! | 2 | `0`-`9`, `A`-`Z`, `a`-`z`, `-`, `_` | 6 |
//! | 3, 4 | as in 1 and 2, where the last byte has room for another symbol | |

const SYMBOLS: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

/// How many bits each symbol takes, by form.
const BITS: [u32; 5] = [8, 4, 6, 4, 6];

/// What is added to a form when there is room for another symbol.
const SPARE: usize = 2;

/// Which symbol each byte is, more than any when it is none.
const NUMBERS: [u8; 256] = {
    let mut numbers = [u8::MAX; 256];
    let mut n = 0;
    while n < SYMBOLS.len() {
        numbers[SYMBOLS[n] as usize] = n as u8;
        n += 1;
    }
    numbers
};

/// The form that an id takes the least room in.
fn form_of(id: &[u8]) -> usize {
    let most = id.iter().map(|byte| NUMBERS[usize::from(*byte)]).max();
    let form = match most {
        Some(0..16) => 1,
        Some(16..64) => 2,
        _ => return 0,
    };
    let spare = (id.len() as u32 * BITS[form]).wrapping_neg() % 8;
    if spare < BITS[form] {
        form
    } else {
        form + SPARE
    }
}

/// Appends an id. `flags` are kept beside the form, in its byte.
pub(super) fn write(id: &[u8], flags: u8, out: &mut Vec<u8>) {
    let form = form_of(id);
    out.push(form as u8 | flags);
    if form == 0 {
        out.extend_from_slice(id);
        return;
    }
    let (mut held, mut bits) = (0_u32, 0);
    for byte in id {
        held = held << BITS[form] | u32::from(NUMBERS[usize::from(*byte)]);
        bits += BITS[form];
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
        }
    }
    if bits > 0 {
        out.push((held << (8 - bits)) as u8);
    }
}

/// Reads what [`write()`] wrote; `None` when it did not. `flags` are the bits that are not the form's.
pub(super) fn read(written: &[u8], flags: u8) -> Option<Vec<u8>> {
    let (first, packed) = written.split_first()?;
    let form = usize::from(first & !flags);
    let width = *BITS.get(form)?;
    if form == 0 {
        return Some(packed.to_vec());
    }
    let symbols = (packed.len() as u32 * 8 / width).checked_sub(u32::from(form > SPARE))?;
    let mut id = Vec::with_capacity(symbols as usize);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in packed {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= width && id.len() < symbols as usize {
            bits -= width;
            id.push(SYMBOLS[(held >> bits) as usize % (1 << width)]);
        }
    }
    Some(id)
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
    fn ids_of_few_symbols_take_less() {
        for (id, bytes) in [
            ("1234567", 5),
            ("507f1f77bcf86cd799439011", 13),
            ("ext-1234", 7),
            ("x.2", 4),
        ] {
            assert_eq!(written(id.as_bytes()).len(), bytes, "{id}");
        }
    }

    proptest! {
        #[test]
        fn an_id_reads_back(id in prop_oneof!["[0-9a-f]{0,30}", "[0-9a-zA-Z_-]{0,30}", ".{0,9}"]) {
            prop_assert_eq!(read(&written(id.as_bytes()), 0), Some(id.into_bytes()));
        }

        #[test]
        fn two_ids_are_never_written_alike(one in "[01az]{0,4}", other in "[01az]{0,4}") {
            prop_assert_eq!(one == other, written(one.as_bytes()) == written(other.as_bytes()));
        }
    }
}
