//! Where pairs live: connections to one Redis server, to the master that sentinels name, or to the
//! nodes of a cluster.

mod calls;
mod cluster;
mod connection;
mod deletion;
mod in_turn;
mod last;
mod pipeline;
mod routing;
mod sentinel;
mod session;
mod silence;
mod slots;
mod stream;
mod target;
#[cfg(test)]
mod testing;
pub mod tls;
mod topology;
mod traffic;

pub use calls::{Earlier, Outcome};
pub use deletion::Deletion;
pub use session::{CameFor, End, Session};
pub use target::Refusal;
pub use traffic::Traffic;
