//! What each target does with an input; a program apiece hands it over.

pub use crate::backend::embedded::changes;

pub mod addresses;
pub mod client_info;
pub mod cluster;
pub mod keys;
pub mod replies;
pub mod tls;
