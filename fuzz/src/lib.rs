//! What the targets share: the sources under test, which are taken in here since the addon is a
//! cdylib that no other program can use, and how an input is read.

#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/key.rs"]
pub mod key;
#[allow(dead_code, reason = "the addon uses it")]
#[path = "../../src/settings/mod.rs"]
pub mod settings;

/// Of `backend::redis`, what reads what a server writes.
#[path = "../../src/backend/redis"]
pub mod backend {
    pub mod fence;
    pub mod kept;
    pub mod locked;
    pub mod replies;
    pub mod slots;
    pub mod stats;
    pub mod topology;
}

/// The first `N` parts of an input that `separator` divides, the last with all that is left; empty
/// where there are fewer.
pub fn parts<const N: usize>(input: &[u8], separator: u8) -> [&[u8]; N] {
    let mut parts = input.splitn(N, |&byte| byte == separator);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// As [`parts`], of text.
pub fn texts<const N: usize>(input: &[u8], separator: u8) -> [String; N] {
    parts(input, separator).map(|part| String::from_utf8_lossy(part).into_owned())
}
