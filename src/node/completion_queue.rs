//! Results on their way to JavaScript: collected on the I/O thread, settled on the JavaScript
//! thread, with one threadsafe function a link and one signal for all that is there.

use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, JsValue, Result, check_status, sys};
use tokio::sync::oneshot;

use super::function::function;
use super::gate::Gate;
use super::listener::Listener;
use super::promise::{Promises, Ticket, settle};
use super::value::{Reference, Scope, Values, boolean, string};
use crate::backend::redis::{Owner, Redis};
use crate::engine::{self, Completion, ConnectionEvent, Receiver};
use crate::settings::Settings;

/// How many results share a handle scope.
const RESULTS_A_SCOPE: usize = 256;

/// The calls of a link.
pub(super) type Queue = engine::Queue<Ticket, Redis>;

/// The receiver of a link's results.
pub(super) struct CompletionQueue {
    arrived: Mutex<Arrived>,
    /// Who wants to know what to connect with, and whether the login was refused.
    asked: Mutex<Option<(oneshot::Sender<Arc<Settings>>, bool)>>,
    /// `None` once the link is closed or its environment is gone. Locked for every call of it, so that it
    /// cannot be freed under the I/O thread.
    function: Mutex<Option<Function>>,
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

#[derive(Clone, Copy)]
struct Function(sys::napi_threadsafe_function);

// SAFETY: Node allows threadsafe functions to be called from any thread; `CompletionQueue::function` sees to
// it that none is called after its end.
unsafe impl Send for Function {}

/// What the threadsafe function carries.
struct Context {
    completions: Arc<CompletionQueue>,
    promises: Rc<Promises>,
    gate: Rc<Gate>,
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
        let context = Context {
            completions: self.clone(),
            promises,
            gate,
        };
        let resource = self.resource(env)?;
        *self.function() = Some(threadsafe_function(env, context, resource)?);
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

    fn function(&self) -> MutexGuard<'_, Option<Function>> {
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
            if let Some(Function(function)) = *self.function() {
                // SAFETY: the function is alive, see the field; this is the JavaScript thread.
                unsafe { sys::napi_ref_threadsafe_function(env, function) };
            }
        }
    }

    fn settled(&self, env: sys::napi_env, count: usize) {
        let pending = self.pending() - count;
        self.pending.store(pending, Ordering::Relaxed);
        if pending == 0 && count > 0 {
            self.settle.let_go(env);
            if let Some(Function(function)) = *self.function() {
                // SAFETY: as in `depart`.
                unsafe { sys::napi_unref_threadsafe_function(env, function) };
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
            && let Some(Function(function)) = self.function().take()
        {
            // SAFETY: taken out first, so nobody calls it any more.
            unsafe {
                sys::napi_release_threadsafe_function(
                    function,
                    sys::ThreadsafeFunctionReleaseMode::release,
                );
            }
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
        if let Some(Function(alive)) = *function {
            // SAFETY: alive while the lock is held: `release` and `finalize` take it out under the
            // lock before Node frees it.
            let status = unsafe {
                sys::napi_call_threadsafe_function(
                    alive,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
            if status == sys::Status::napi_closing {
                *function = None;
            }
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
        let count = done.len();
        let values = Values::new(env);
        let mut left = done.drain(..);
        let mut settled = Vec::with_capacity(2 * RESULTS_A_SCOPE);
        let mut numbers = Vec::with_capacity(RESULTS_A_SCOPE);
        while left.len() > 0 {
            let scope = Scope::open(env);
            for done in left.by_ref().take(RESULTS_A_SCOPE) {
                numbers.push(done.ticket);
                let call = promises.take(done.ticket);
                settled.extend(settle(env, &values, call, done));
            }
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

fn threadsafe_function(env: &Env, context: Context, resource: Object) -> Result<Function> {
    let raw = env.raw();
    let name = string(raw, b"js-redis-key-store").unwrap_or(ptr::null_mut());
    let context = Box::into_raw(Box::new(context)).cast::<c_void>();
    let mut function = ptr::null_mut();
    // SAFETY: `context` lives until `finalize` takes it back, the last that Node does with it.
    let status = unsafe {
        sys::napi_create_threadsafe_function(
            raw,
            ptr::null_mut(),
            resource.raw(),
            name,
            0,
            1,
            ptr::null_mut(),
            Some(finalize),
            context,
            Some(on_signal),
            &mut function,
        )
    };
    if status != sys::Status::napi_ok {
        // SAFETY: Node did not take it.
        drop(unsafe { Box::from_raw(context.cast::<Context>()) });
    }
    check_status!(status, "cannot make a threadsafe function")?;
    // SAFETY: just made, on the JavaScript thread. An idle link keeps no process alive.
    check_status!(unsafe { sys::napi_unref_threadsafe_function(raw, function) })?;
    Ok(Function(function))
}

unsafe extern "C" fn on_signal(
    env: sys::napi_env,
    _function: sys::napi_value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    // Node calls without an environment when it is going down.
    if !env.is_null() {
        // SAFETY: made in `threadsafe_function`, alive until `finalize`.
        let context = unsafe { &*context.cast::<Context>() };
        context.gate.end_overdue();
        context.completions.settle_arrived(env, &context.promises);
        context.completions.answer(env, &context.gate);
    }
}

/// The threadsafe function ends: released, or its environment goes down with calls under way.
unsafe extern "C" fn finalize(_env: sys::napi_env, _data: *mut c_void, context: *mut c_void) {
    // SAFETY: made in `threadsafe_function`; Node calls this once, last.
    let Context {
        completions, gate, ..
    } = *unsafe { Box::from_raw(context.cast::<Context>()) };
    *completions.function() = None;
    gate.abandon();
}
