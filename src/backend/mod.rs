//! Where pairs live: connections to one Redis server, to the master that sentinels name, or to the
//! masters of a cluster.

mod cluster;
mod connection;
mod last;
mod pieces;
mod sentinel;
mod session;
mod slots;
mod stream;
mod target;
pub mod tls;
mod traffic;
mod wire;

pub use connection::broken;
pub use session::Session;
pub use target::Refusal;
pub use traffic::Traffic;
pub use wire::{MAX_UNDER_WAY, Replies};
