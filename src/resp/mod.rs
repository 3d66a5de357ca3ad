//! Redis's protocol, as far as the store needs it: commands written into one buffer, replies read
//! without a copy.

mod commands;
mod replies;

pub use commands::{Command, Commands};
pub use replies::{Reply, decode};
