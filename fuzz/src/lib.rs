//! What the targets share: the sources under test, which are taken in here since the addon is a
//! cdylib that no other program can use, and how an input is read.

#![allow(dead_code, unused_imports, reason = "the addon uses the rest of them")]

pub use backend::redis::targets;

#[path = "../../src/call.rs"]
mod call;
#[path = "../../src/error/mod.rs"]
mod error;
#[path = "../../src/key.rs"]
mod key;
#[path = "../../src/settings/mod.rs"]
mod settings;

#[path = "../../src/backend"]
mod backend {
    mod locked;

    /// What reads what a server writes.
    pub(crate) mod redis {
        mod commands;
        mod dialect;
        mod fence;
        mod kept;
        mod replies;
        mod run;
        mod slots;
        mod stats;
        mod topology;

        /// Here, since they see what these keep to themselves.
        #[path = "../../../fuzz/src/targets/mod.rs"]
        pub mod targets;
    }
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
