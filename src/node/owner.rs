//! A store as its calls know it: what they are done with, and what they leave behind.

use std::cell::Cell;
use std::rc::Rc;

use napi::sys;

use super::js_settings::StoreSettings;
use super::trace::Trace;
use super::value::{Reference, error, integer, string};
use crate::call::Answer;
use crate::engine::Failure;

/// What the calls of a store share; it outlives the JavaScript object until they settle.
pub(super) struct Owner {
    env: sys::napi_env,
    pub settings: StoreSettings,
    /// `report(code, message, operation, integration, number)` tells of a failure and returns the error. It
    /// may know the store, so it is kept alive only while a call is under way.
    report: Reference,
    /// `observe(operation, integration, milliseconds, outcome, attempts, number)` hears of traced calls.
    observe: Reference,
    /// How many calls were made.
    pub made: Cell<u64>,
    pub is_traced: Cell<bool>,
    /// Calls that are not settled.
    pending: Cell<usize>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.report.delete(self.env);
        self.observe.delete(self.env);
    }
}

impl Owner {
    /// A store without calls. `report` is a weak reference.
    pub(super) fn new(
        env: sys::napi_env,
        settings: StoreSettings,
        report: Reference,
        observe: Reference,
    ) -> Rc<Owner> {
        Rc::new(Owner {
            env,
            settings,
            report,
            observe,
            made: Cell::new(0),
            is_traced: Cell::new(false),
            pending: Cell::new(0),
        })
    }

    /// How many calls are not settled.
    pub(super) fn pending(&self) -> usize {
        self.pending.get()
    }

    /// Whether as many calls wait as may.
    pub(super) fn is_busy(&self) -> bool {
        self.pending() >= self.settings.max_pending as usize
    }

    /// So many calls more were made.
    pub(super) fn count(&self, calls: usize) {
        self.made.set(self.made.get() + calls as u64);
    }

    /// So many calls more are to be settled.
    pub(super) fn began(&self, count: usize) {
        let pending = self.pending();
        self.pending.set(pending + count);
        if pending == 0 {
            self.report.hold(self.env);
        }
    }

    /// A call more was made, which failed already: it does not wait, but is to be told of.
    pub(super) fn refuse(&self) {
        self.count(1);
        self.report.hold(self.env);
    }

    /// It is told of.
    pub(super) fn refused(&self) {
        self.report.let_go(self.env);
    }

    /// So many calls are settled.
    pub(super) fn settled(&self, count: usize) {
        let pending = self.pending() - count;
        self.pending.set(pending);
        if pending == 0 {
            self.report.let_go(self.env);
        }
    }

    /// Tells of the failure: the error to reject with, none when the store is not set to.
    pub(super) fn fail(&self, failure: &Failure, number: u32) -> Option<sys::napi_value> {
        let env = self.env;
        let (option, limit) = match failure.operation.is_lookup() {
            true => ("readTimeout", self.settings.read_timeout),
            false => ("writeTimeout", self.settings.write_timeout),
        };
        let message = failure.error.message(option, limit);
        let texts = [
            failure.error.code(),
            &message,
            failure.operation.name(),
            &failure.integration,
        ];
        let arguments = texts.map(|text| string(env, text.as_bytes()));
        let mut arguments = arguments.into_iter().collect::<Option<Vec<_>>>()?;
        arguments.push(integer(env, number as i32));
        let told = self.report.call(env, &arguments);
        // Also where JavaScript was stopped meanwhile, a failure is no success.
        let made = || error(env, arguments[0], arguments[1]);
        self.settings.strict.then(|| told.or_else(made)).flatten()
    }

    /// Tells of a traced call, whatever became of it.
    pub(super) fn tell(
        &self,
        trace: &Trace,
        result: &std::result::Result<Answer, Box<Failure>>,
        attempts: u8,
        number: u32,
    ) {
        if let Some(arguments) = trace.arguments(self.env, result, attempts, number) {
            self.observe.call(self.env, &arguments);
        }
    }
}
