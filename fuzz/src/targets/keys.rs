//! `key\nstem`: whose the key is, told by every place where its stem could end.

use crate::key::{self, Half};
use crate::parts;

/// The half of a key whose stem has this length.
fn half(key: &[u8], stem: usize) -> Option<Half> {
    match key.get(stem..)? {
        [b':', b'b', b':', ..] => Some(Half::Botmatic),
        [b':', b'e', b':', ..] => Some(Half::External),
        _ => None,
    }
}

/// Runs one input.
pub fn run(input: &[u8]) {
    let [key, stem] = parts(input, b'\n');
    let mut has_longer = false;
    for end in (0..=key.len()).rev() {
        let read = key::parse(&key[..end], key);
        assert_eq!(read.map(|(half, _)| half), half(key, end));
        let Some((half, id)) = read else {
            continue;
        };
        assert_eq!(id, &key[end + 3..]);
        assert_eq!(key::of(&key[..end], half, id), key);
        assert_eq!(key::is_ambiguous(id), has_longer);
        has_longer = true;
    }
    if !key.starts_with(stem) {
        assert_eq!(key::parse(stem, key), None);
    }
    for half in [Half::Botmatic, Half::External] {
        let pair = key::of(stem, half, key);
        assert_eq!(key::parse(stem, &pair), Some((half, key)));
        assert_ne!(pair, key::of(stem, half.other(), key));
        assert_eq!(half.other().other(), half);
    }
}
