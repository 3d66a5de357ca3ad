//! What the calls of a store leave behind: who hears of them, and how many are under way.

use std::cell::Cell;
use std::rc::Rc;

use napi::sys;

use super::trace::Trace;
use super::value::{Reference, string};
use crate::call::Answer;
use crate::engine::Failure;

/// A store as its calls under way know it; it outlives the JavaScript object until they settle.
pub struct Owner {
    /// `report(code, message, operation, integration)` tells of a failure and returns the error.
    report: Reference,
    /// `observe(operation, integration, milliseconds, outcome, attempts)` hears of traced calls.
    observe: Reference,
    is_strict: bool,
    /// Calls that are not settled.
    pending: Cell<usize>,
    /// Whether the JavaScript object is gone.
    is_gone: Cell<bool>,
}

impl Owner {
    /// A store without calls.
    pub fn new(report: Reference, observe: Reference, is_strict: bool) -> Rc<Owner> {
        Rc::new(Owner {
            report,
            observe,
            is_strict,
            pending: Cell::new(0),
            is_gone: Cell::new(false),
        })
    }

    /// How many calls are not settled.
    pub fn pending(&self) -> usize {
        self.pending.get()
    }

    /// A call more is to be settled.
    pub fn began(&self) {
        self.pending.set(self.pending() + 1);
    }

    /// Tells of the failure: the error to reject with, none when the store is not set to.
    pub fn fail(&self, env: sys::napi_env, failure: &Failure) -> Option<sys::napi_value> {
        let message = failure.error.to_string();
        let texts = [
            failure.error.code(),
            &message,
            failure.op.name(),
            &failure.integration,
        ];
        let arguments = texts.map(|text| string(env, text.as_bytes()));
        let arguments = arguments.into_iter().collect::<Option<Vec<_>>>()?;
        let error = self.report.call(env, &arguments);
        error.filter(|_| self.is_strict)
    }

    /// Tells of a traced call, whatever became of it.
    pub fn tell(
        &self,
        env: sys::napi_env,
        trace: &Trace,
        result: &std::result::Result<Answer, Failure>,
        attempts: u8,
    ) {
        if let Some(arguments) = trace.arguments(env, result, attempts) {
            self.observe.call(env, &arguments);
        }
    }

    /// One call of this store is settled.
    pub fn settled(&self, env: sys::napi_env) {
        self.pending.set(self.pending() - 1);
        if self.is_gone.get() {
            self.let_go(env);
        }
    }

    /// The JavaScript object is gone: so are its functions, once no call needs them.
    pub fn gone(&self, env: sys::napi_env) {
        self.is_gone.set(true);
        self.let_go(env);
    }

    fn let_go(&self, env: sys::napi_env) {
        if self.pending() == 0 {
            self.report.delete(env);
            self.observe.delete(env);
        }
    }
}
