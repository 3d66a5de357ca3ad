//! The border to JavaScript: the two napi classes, the calls as functions, argument text and the
//! signal that results are there.
//!
//! All functions here run on the JavaScript thread of one environment (the main thread or a
//! worker), but for [`completion_queue::CompletionQueue`]'s methods as the engine's receiver.

mod board;
mod calls;
mod completion_queue;
mod function;
mod gate;
mod js_settings;
mod link;
mod listener;
mod many;
mod owner;
mod promise;
mod signal;
mod store;
mod text;
mod trace;
mod value;
mod waiting;

use napi_derive::napi;

/// The version of this binary, by which `lib/` knows that it fits.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
