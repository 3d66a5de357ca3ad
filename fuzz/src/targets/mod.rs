//! What each target does with an input; a program apiece hands it over.

pub mod addresses;
pub mod client_info;
pub mod cluster;
pub mod keys;
pub mod replies;
pub mod tls;
