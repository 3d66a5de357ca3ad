//! The id store behind the npm package `js-redis-key-store`: pairs of botmatic and external ids, per
//! integration, in Redis.
//!
//! Arrows point one way: [`node`] (the border to JavaScript) uses [`engine`] (the life of a call),
//! which uses [`store`] (what a call writes and reads) and [`backend`] (the connection);
//! [`key`], [`resp`] (the protocol), [`options`] and [`error`] lie below all of them. Only [`node`] knows Node.

#![warn(missing_docs)]

pub mod backend;
pub mod engine;
pub mod error;
pub mod key;
#[allow(
    unsafe_code,
    reason = "the border to JavaScript; each block says why it is sound"
)]
pub mod node;
pub mod options;
pub mod resp;
pub mod store;
