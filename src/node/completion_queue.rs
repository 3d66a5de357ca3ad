//! Results on their way to JavaScript: collected on the I/O thread, settled on the JavaScript
//! thread, with one threadsafe function a link and one signal for all that is there.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, Result, sys};
use tokio::sync::oneshot;

use super::function::function;
use super::gate::Gate;
use super::listener::Listener;
use super::promise::{Complete, Promises, Ticket, settle, settle_many};
use super::signal::Signal;
use super::value::{Reference, Scope, Values, boolean};
use crate::backend::either::Either;
use crate::backend::embedded::Embedded;
use crate::backend::redis::{Owner, Redis};
use crate::engine::{self, Completion, ConnectionEvent, Receiver};
use crate::settings::Settings;

/// How many results share a handle scope.
const RESULTS_A_SCOPE: usize = 256;

/// The calls of a link.
pub(super) type Queue = engine::Queue<Ticket, Place>;

/// Where the pairs of a link are.
pub(super) type Place = Either<Arc<Redis>, Arc<Embedded>>;

/// The receiver of a link's results.
pub(super) struct CompletionQueue {
    arrived: Mutex<Arrived>,
    /// Who wants to know what to connect with, and whether the login was refused.
    asked: Mutex<Option<(oneshot::Sender<Arc<Settings>>, bool)>>,
    /// `None` once the link is closed or its environment is gone. Locked for every call of it, so that it
    /// cannot be freed under the I/O thread.
    function: Mutex<Option<Signal>>,
    is_signalled: AtomicBool,
    /// Calls that are not settled. Written by the JavaScript thread only.
    pending: AtomicUsize,
    /// Whether no call is to come any more, but to fail at once.
    is_closed: AtomicBool,
    /// Whether JavaScript has let go of the link.
    is_orphan: AtomicBool,
    listener: Listener,
    /// The JavaScript function that settles promises: `settle(number, result, number, …)`. Without
    /// arguments it is to see to it that `Link::resume` is called soon. It may
    /// know the stores, so it is kept alive only while a call is under way.
    settle: Reference,
}

type Done = Vec<Completion<Ticket>>;

#[derive(Default)]
struct Arrived {
    done: Done,
    notes: Vec<ConnectionEvent>,
    is_stalled: bool,
}

impl CompletionQueue {
    /// A queue whose `listener` hears of the connection and `settle`, a weak reference, of results.
    pub(super) fn new(listener: Listener, settle: Reference) -> Arc<CompletionQueue> {
        Arc::new(CompletionQueue {
            arrived: Mutex::default(),
            asked: Mutex::default(),
            function: Mutex::new(None),
            is_signalled: AtomicBool::new(false),
            pending: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
            is_orphan: AtomicBool::new(false),
            listener,
            settle,
        })
    }

    /// Opens the way to JavaScript for what comes of the calls that go through `gate`.
    pub(super) fn open(
        self: &Arc<Self>,
        env: &Env,
        promises: Rc<Promises>,
        gate: Rc<Gate>,
    ) -> Result<()> {
        let (own, last) = (self.clone(), self.clone());
        let after = gate.clone();
        let run = move |env| {
            gate.end_overdue();
            own.settle_arrived(env, &promises);
            own.answer(env, &gate);
        };
        let end = move || {
            *last.function() = None;
            after.abandon();
        };
        let resource = self.resource(env)?;
        *self.function() = Some(Signal::new(env, resource, run, end)?);
        Ok(())
    }

    /// What `async_hooks` see of the function: as other resources do, it tells whether it keeps the
    /// process alive.
    fn resource<'env>(self: &Arc<Self>, env: &'env Env) -> Result<Object<'env>> {
        let completions = self.clone();
        let has_ref = function(env, "hasRef", move |env, _| {
            boolean(env, completions.pending() > 0)
        })?;
        let mut resource = Object::new(env)?;
        resource.set_named_property("hasRef", has_ref)?;
        Ok(resource)
    }

    fn function(&self) -> MutexGuard<'_, Option<Signal>> {
        self.function
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }

    fn arrived(&self) -> MutexGuard<'_, Arrived> {
        self.arrived
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }

    /// How many calls are under way.
    pub(super) fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    /// A call is under way: the process stays alive until it is settled.
    pub(super) fn depart(&self, env: sys::napi_env) {
        let pending = self.pending();
        self.pending.store(pending + 1, Ordering::Relaxed);
        if pending == 0 {
            self.settle.hold(env);
            if let Some(function) = *self.function() {
                function.hold(env);
            }
        }
    }

    fn settled(&self, env: sys::napi_env, count: usize) {
        let pending = self.pending() - count;
        self.pending.store(pending, Ordering::Relaxed);
        if pending == 0 && count > 0 {
            self.settle.let_go(env);
            if let Some(function) = *self.function() {
                function.let_go(env);
            }
            self.end(env);
        }
    }

    /// No call is to come any more, but to fail at once: the function goes when the last one is
    /// settled, so that nothing is left open that Node would show.
    pub(super) fn close(&self, env: sys::napi_env) {
        self.is_closed.store(true, Ordering::Relaxed);
        if self.pending() == 0 {
            self.end(env);
        }
    }

    /// JavaScript lets go of the link: all goes when the last call is settled.
    pub(super) fn orphan(&self, env: sys::napi_env) {
        self.is_orphan.store(true, Ordering::Relaxed);
        self.close(env);
    }

    /// Lets go of what nobody needs any more, now that no call is under way.
    fn end(&self, env: sys::napi_env) {
        if self.is_closed.load(Ordering::Relaxed)
            && let Some(function) = self.function().take()
        {
            // Taken out first, so nobody calls it any more.
            function.release();
        }
        if self.is_orphan.load(Ordering::Relaxed) {
            self.listener.delete(env);
            self.settle.delete(env);
        }
    }

    /// Settles what has arrived, where the function is gone that would.
    pub(super) fn settle_late(&self, env: sys::napi_env, promises: &Promises) {
        if self.function().is_none() {
            self.settle_arrived(env, promises);
        }
    }

    /// Wakes the JavaScript thread for what there is to settle.
    pub(super) fn signal(&self) {
        if self.is_signalled.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut function = self.function();
        // Alive while the lock is held: `end` and the end of the environment take it out under the
        // lock before Node frees it.
        if function.is_some_and(|alive| !alive.give()) {
            *function = None;
        }
    }

    /// Settles all that has arrived.
    fn settle_arrived(&self, env: sys::napi_env, promises: &Promises) {
        // Cleared before the queue is taken: what arrives after that signals anew.
        self.is_signalled.store(false, Ordering::Release);
        let Arrived {
            mut done,
            notes,
            is_stalled,
        } = std::mem::take(&mut *self.arrived());
        done.extend(promises.take_refused().into_iter().flatten());
        for note in notes {
            // Signals that were on their way still come after the release, and the listener itself
            // may bring on the garbage collection that releases: the listener is gone then.
            if self.function().is_none() {
                break;
            }
            self.listener.hear(env, note);
        }
        self.settle_all(env, promises, &mut done);
        let mut arrived = self.arrived();
        if arrived.done.capacity() == 0 {
            arrived.done = done;
        }
        drop(arrived);
        if is_stalled {
            self.settle.call(env, &[]);
        }
    }

    fn asked(&self) -> MutexGuard<'_, Option<(oneshot::Sender<Arc<Settings>>, bool)>> {
        self.asked
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }

    /// Lets who has asked know what to connect with.
    fn answer(&self, env: sys::napi_env, gate: &Gate) {
        let asked = self.asked().take();
        if let Some((answer, is_refused)) = asked
            && self.function().is_some()
        {
            gate.ask(answer, || self.listener.ask(env, is_refused));
        }
    }

    /// Settles calls.
    pub(super) fn settle_all(&self, env: sys::napi_env, promises: &Promises, done: &mut Done) {
        let mut count = 0;
        let values = Values::new(env);
        let mut left = done.drain(..);
        let mut settled = Vec::with_capacity(2 * RESULTS_A_SCOPE);
        let mut numbers = Vec::with_capacity(RESULTS_A_SCOPE);
        while left.len() > 0 {
            let scope = Scope::open(env);
            for done in left.by_ref().take(RESULTS_A_SCOPE) {
                match promises.complete(done) {
                    Some(Complete::One(call, done)) => {
                        numbers.push(done.ticket.number);
                        settled.extend(settle(env, &values, call, done));
                    }
                    Some(Complete::Many(number, owner, many)) => {
                        let settled = settle_many(env, &values, number, &owner, many);
                        if self.settle.call(env, &settled).is_none() {
                            self.settle.call(env, &settled);
                        }
                        numbers.push(number);
                    }
                    None => {}
                }
            }
            count += numbers.len();
            if self.settle.call(env, &settled).is_none() {
                // Something stopped JavaScript midway. Those that are settled already it skips.
                for one in settled.chunks(2) {
                    self.settle.call(env, one);
                }
            }
            drop(scope);
            settled.clear();
            // Not before: those who hear of a failure may make a call.
            promises.free(numbers.drain(..));
        }
        drop(left);
        self.settled(env, count);
    }
}

impl Receiver<Ticket> for CompletionQueue {
    fn settle(&self, done: &mut Vec<Completion<Ticket>>) {
        self.arrived().done.append(done);
        self.signal();
    }

    fn stalled(&self) {
        self.arrived().is_stalled = true;
        self.signal();
    }

    fn connection(&self, event: ConnectionEvent) {
        self.arrived().notes.push(event);
        self.signal();
    }
}

impl Owner for CompletionQueue {
    fn ask(&self, is_refused: bool, answer: oneshot::Sender<Arc<Settings>>) {
        *self.asked() = Some((answer, is_refused));
        self.signal();
    }
}
