//! What the targets share: the sources under test, which are taken in here since the addon is a
//! cdylib that no other program can use, and how an input is read.

#![allow(dead_code, reason = "the addon uses the rest of them")]

pub mod targets;

#[path = "../../src/call.rs"]
mod call;
#[path = "../../src/error.rs"]
mod error;
#[path = "../../src/key.rs"]
mod key;
#[path = "../../src/settings/mod.rs"]
mod settings;

/// Of `backend::redis`, what reads what a server writes.
#[path = "../../src/backend/redis"]
mod backend {
    pub(crate) mod fence;
    pub(crate) mod kept;
    pub(crate) mod locked;
    pub(crate) mod replies;
    pub(crate) mod slots;
    pub(crate) mod stats;
    pub(crate) mod topology;
}

/// The first `N` parts of an input that `separator` divides, the last with all that is left; empty
/// where there are fewer.
pub(crate) fn parts<const N: usize>(input: &[u8], separator: u8) -> [&[u8]; N] {
    let mut parts = input.splitn(N, |&byte| byte == separator);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// As [`parts`], of text.
pub(crate) fn texts<const N: usize>(input: &[u8], separator: u8) -> [String; N] {
    parts(input, separator).map(|part| String::from_utf8_lossy(part).into_owned())
}
