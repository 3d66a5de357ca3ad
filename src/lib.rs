//! The id store behind the npm package `js-redis-key-store`: pairs of botmatic and external ids, per
//! integration.
//!
//! Arrows point one way: [`node`] (the border to JavaScript) uses [`engine`] (the life of a call),
//! which uses a [`backend`] (where pairs are kept); [`call`], [`key`], [`settings`] and [`error`] lie
//! below all of them. Only [`node`] knows Node, only [`backend::redis`] knows Redis, and only [`backend::embedded`] knows files.

#![warn(missing_docs, unreachable_pub)]

pub mod backend;
pub mod call;
pub mod engine;
pub mod error;
pub mod key;
#[allow(
    unsafe_code,
    reason = "the border to JavaScript; each block says why it is sound"
)]
pub mod node;
pub mod settings;
