//! What is told of a call when somebody listens on its diagnostics channel.

use tokio::time::Instant;

use napi::sys;

use super::value::{integer, number, string};
use crate::call::{Answer, Operation};
use crate::engine::Failure;
use crate::error::masked;

/// A call that is told of once it has settled.
pub(super) struct Trace {
    operation: Operation,
    integration: String,
    started: Instant,
}

impl Trace {
    /// A call that starts now.
    pub(super) fn new(operation: Operation, integration: &[u8]) -> Trace {
        Trace {
            operation,
            integration: masked(integration),
            started: Instant::now(),
        }
    }

    /// What became of the call: operation, integration, milliseconds, outcome, attempts, and the
    /// number of its promise.
    pub(super) fn arguments(
        &self,
        env: sys::napi_env,
        result: &Result<Answer, Box<Failure>>,
        attempts: u8,
        promise: u32,
    ) -> Option<[sys::napi_value; 6]> {
        let outcome = match result {
            Ok(Answer::Yes) => "true",
            Ok(Answer::No) => "false",
            Ok(Answer::Id(_) | Answer::Page(_)) => "found",
            Ok(Answer::Missing) => "missing",
            Err(failure) => failure.error.code(),
        };
        Some([
            string(env, self.operation.name().as_bytes())?,
            string(env, self.integration.as_bytes())?,
            number(env, self.started.elapsed().as_secs_f64() * 1e3)?,
            string(env, outcome.as_bytes())?,
            number(env, attempts.into())?,
            integer(env, promise as i32),
        ])
    }
}
