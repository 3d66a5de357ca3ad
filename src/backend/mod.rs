//! Where pairs live: one connection to a Redis server.

mod connection;
mod stream;
pub mod tls;

pub use connection::{Connection, Refusal, Replies, broken};
