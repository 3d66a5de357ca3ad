//! Where pairs live: connections to one Redis server, to the master that sentinels name, or to the
//! masters of a cluster.

mod cluster;
mod connection;
mod sentinel;
mod session;
mod slots;
mod stream;
pub mod tls;
mod traffic;

pub use connection::{MAX_UNDER_WAY, Refusal, Replies, broken};
pub use session::Session;
pub use traffic::Traffic;
