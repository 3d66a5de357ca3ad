//! The border to JavaScript: the two napi classes, the calls as functions, argument text and the
//! signal that results are there.
//!
//! All functions here run on the JavaScript thread of one environment (the main thread or a
//! worker), but for [`completion_queue::CompletionQueue`]'s methods as the engine's receiver.

mod board;
mod calls;
mod completion_queue;
mod function;
mod held;
mod link;
mod outbox;
mod owner;
mod promise;
mod settings;
mod store;
mod text;
mod trace;
mod value;
