//! The keys of a pair, and telling whose a key is.
//!
//! A pair of botmatic id `b` and external id `e` is two strings: `<stem>:b:<b>` holds `e` and
//! `<stem>:e:<e>` holds `b`, where the stem is the key prefix followed by the integration id.

/// Which half of a pair a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// `<stem>:b:<botmatic id>`, holding the external id.
    Botmatic,
    /// `<stem>:e:<external id>`, holding the botmatic id.
    External,
}

impl Half {
    /// The half that a key of this half points to.
    pub fn other(self) -> Half {
        match self {
            Half::Botmatic => Half::External,
            Half::External => Half::Botmatic,
        }
    }

    /// What stands between stem and id.
    pub const fn separator(self) -> &'static [u8; 3] {
        match self {
            Half::Botmatic => b":b:",
            Half::External => b":e:",
        }
    }
}

/// The key of `id`.
pub fn of(stem: &[u8], half: Half, id: &[u8]) -> Vec<u8> {
    [stem, half.separator(), id].concat()
}

/// Reads `key` as a key under `stem`: its half and its id, or `None` when it is no such key.
pub fn parse<'k>(stem: &[u8], key: &'k [u8]) -> Option<(Half, &'k [u8])> {
    let rest = key.strip_prefix(stem)?;
    [Half::Botmatic, Half::External]
        .into_iter()
        .find_map(|half| Some((half, rest.strip_prefix(half.separator())?)))
}

/// Whether a key with this id could as well belong to a longer integration id.
///
/// `a:b:x:b:1` is id `x:b:1` of `a` or id `1` of `a:b:x`; `a:b:b:1` is id `b:1` of `a` or id `1`
/// of `a:b`. The colon before the id counts, since a longer integration id may end there.
pub fn is_ambiguous(id: &[u8]) -> bool {
    id.starts_with(b"b:")
        || id.starts_with(b"e:")
        || id
            .windows(3)
            .any(|window| window == b":b:" || window == b":e:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pair_has_two_keys() {
        assert_eq!(of(b"p:i", Half::Botmatic, b"1"), b"p:i:b:1");
        assert_eq!(of(b"p:i", Half::External, b"x"), b"p:i:e:x");
    }

    #[test]
    fn only_keys_under_the_stem_are_its_own() {
        assert_eq!(
            parse(b"i", b"i:b:1"),
            Some((Half::Botmatic, b"1".as_slice()))
        );
        assert_eq!(parse(b"i", b"i:e:"), Some((Half::External, b"".as_slice())));
        for foreign in ["i:uuid", "j:b:1", "i", "i:b", "ii:b:1", "I:b:1"] {
            assert_eq!(parse(b"i", foreign.as_bytes()), None, "{foreign}");
        }
    }

    #[test]
    fn ids_that_read_as_part_of_a_longer_integration_are_ambiguous() {
        for id in ["x:b:1", "x:e:1", "b:1", "e:", ":b:"] {
            assert!(is_ambiguous(id.as_bytes()), "{id}");
        }
        for id in ["", "1", "b", "x:b", "xb:1", "x:c:1"] {
            assert!(!is_ambiguous(id.as_bytes()), "{id}");
        }
    }

    proptest! {
        #[test]
        fn a_key_reads_back(stem: Vec<u8>, id: Vec<u8>, external: bool) {
            let half = if external { Half::External } else { Half::Botmatic };
            let key = of(&stem, half, &id);
            prop_assert_eq!(parse(&stem, &key), Some((half, id.as_slice())));
        }

        #[test]
        fn a_key_that_another_stem_can_read_is_ambiguous_to_the_shorter(
            stem in "[ab:e]{0,5}", longer in "[ab:e]{1,6}", id in "[b:e1]{0,4}",
        ) {
            let full = format!("{stem}{longer}");
            let key = of(full.as_bytes(), Half::Botmatic, id.as_bytes());
            if let Some((_, rest)) = parse(stem.as_bytes(), &key) {
                prop_assert!(is_ambiguous(rest), "{:?} under {stem:?}", String::from_utf8_lossy(&key));
            }
        }
    }
}
