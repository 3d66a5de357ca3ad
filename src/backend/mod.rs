//! Where pairs live: one connection to a Redis server.

mod connection;
mod stream;
pub mod tls;
mod traffic;

pub use connection::{Connection, Refusal, Replies, broken};
pub use traffic::Traffic;
