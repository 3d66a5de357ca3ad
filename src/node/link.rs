//! The native side of one client or address: its connection, shared by its stores.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::{Either, Int32Array, Unknown};
use napi::{Env, JsValue, Result, sys};
use napi_derive::napi;

use super::board::Board;
use super::completion_queue::{CompletionQueue, Place, Queue};
use super::gate::Gate;
use super::js_settings::ServerSettings;
use super::listener::Listener;
use super::promise::Promises;
use super::value::Reference;
use crate::backend::redis::{Owner, Redis};
use crate::error::Error;
use crate::settings::{Endpoint, Settings};

/// A connection to one server, opened by the first call.
#[napi]
pub struct Link(pub(super) Rc<Shared>);

/// What a link and its stores share on the JavaScript thread.
pub(super) struct Shared {
    env: sys::napi_env,
    pub completions: Arc<CompletionQueue>,
    pub queue: Arc<Queue>,
    pub promises: Rc<Promises>,
    pub gate: Rc<Gate>,
    pub is_closed: Cell<bool>,
    /// Why calls fail now, when they do.
    pub refusal: RefCell<Option<Error>>,
}

impl Drop for Shared {
    /// The last store and its client are garbage: calls under way complete, then all goes.
    fn drop(&mut self) {
        self.queue.orphan();
        self.completions.orphan(self.env);
    }
}

/// Bytes that went over the connections of a link.
#[napi(object)]
pub struct Bytes {
    /// To the server.
    pub sent: f64,
    /// From it.
    pub received: f64,
}

#[napi]
impl Link {
    /// `listener(state, server, reason, code)` hears what happens to the connection, and
    /// `settle(number, result, number, …)`, which is kept alive only while a call is under way,
    /// what becomes of calls; without arguments it is to see to it that `resume` is called. On `board` stands the number that the next call's promise is to be
    /// known by, and whether `submit` is still to be called for those before it.
    ///
    /// Those of a client are asked, by `listener('asked')`, before each connection, and once more, by
    /// `listener('refused')`, when the login was refused. It gives `true` when it is still to find out,
    /// and calls `tell` then; else what it has updated by now is good.
    ///
    /// Gives what is wrong with the settings instead, where something is: an exception thrown here
    /// would be one that nobody catches to `--abort-on-uncaught-exception`.
    #[napi]
    pub fn open(
        env: &Env,
        settings: ServerSettings,
        #[napi(
            ts_arg_type = "(state: string, server?: string, reason?: string, code?: string) => boolean | undefined"
        )]
        listener: Unknown<'_>,
        #[napi(ts_arg_type = "(...settled: unknown[]) => void")] settle: Unknown<'_>,
        board: Int32Array,
        is_of_client: bool,
    ) -> Result<Either<Link, String>> {
        let settings = match Settings::try_from(settings) {
            Ok(settings) => settings,
            Err(error) => return Ok(Either::B(error.reason.clone())),
        };
        let board = Rc::new(Board::new(board)?);
        let listener = Listener::new(env.raw(), listener.raw())?;
        let settle = Reference::weak(env.raw(), settle.raw())?;
        let promises = Rc::new(Promises::new(board.clone()));
        let completions = CompletionQueue::new(listener, settle);
        let owner = is_of_client.then(|| completions.clone() as Arc<dyn Owner>);
        let place = match settings.endpoint {
            Endpoint::File(_) | Endpoint::Memory => Place::Other(Arc::default()),
            _ => Place::One(Arc::new(Redis::of(owner))),
        };
        let queue = Queue::new(place, completions.clone());
        let gate = Gate::new(queue.clone(), completions.clone(), board, settings);
        let gate = Rc::new(gate);
        completions.open(env, promises.clone(), gate.clone())?;
        Ok(Either::A(Link(Rc::new(Shared {
            env: env.raw(),
            completions,
            queue,
            promises,
            gate,
            is_closed: Cell::new(false),
            refusal: RefCell::default(),
        }))))
    }

    /// The settings of the calls from now on. Gives what is wrong with them, where something is.
    #[napi]
    pub fn update(&self, settings: ServerSettings) -> Option<String> {
        match Settings::try_from(settings) {
            Ok(settings) => {
                self.0.gate.update(settings);
                None
            }
            Err(error) => Some(error.reason.clone()),
        }
    }

    /// Tells what to connect with, now that it is updated, after the listener gave `true`.
    #[napi]
    pub fn tell(&self) {
        self.0.gate.tell();
    }

    /// Sends the calls made since the last time, and settles those that failed already: to be called
    /// once what else was to be called is called.
    #[napi]
    pub fn submit(&self) {
        let shared = &self.0;
        shared.gate.end();
        if let Some(mut refused) = shared.promises.take_refused() {
            let Shared { env, promises, .. } = &**shared;
            shared.completions.settle_all(*env, promises, &mut refused);
        }
        if shared.is_closed.get() {
            shared.completions.settle_late(shared.env, &shared.promises);
        }
    }

    /// Goes on with calls that no thread could be started for: to be called soon after `settle` was,
    /// without arguments.
    #[napi]
    pub fn resume(&self) {
        self.0.gate.resume();
    }

    /// Holds the calls from now on back, apart from those that are held back already, until `key` is
    /// released or failed. `reason` is said when one passes its deadline meanwhile.
    #[napi]
    pub fn hold(&self, key: u32, reason: String) {
        self.0.gate.hold(key, &reason);
    }

    /// Lets go what is held back by a key, if anything is, with the settings of now.
    #[napi]
    pub fn release(&self, key: u32) {
        self.0.gate.release(key);
    }

    /// Fails what is held back by a key, if anything is: the client's credentials provider has failed,
    /// or else its settings cannot be used.
    #[napi]
    pub fn fail(&self, key: u32, is_login: bool, reason: String) {
        let kind = if is_login {
            Error::Credentials
        } else {
            Error::Client
        };
        self.0.gate.fail(key, &kind(reason.into()));
    }

    /// Fails the calls from now on, since the client's settings cannot be used for this reason; no
    /// longer when there is none.
    #[napi]
    pub fn refuse(&self, reason: Option<String>) {
        let refusal = reason.map(|reason| Error::Client(reason.into()));
        *self.0.refusal.borrow_mut() = refusal;
    }

    /// Fails what is held back and has passed its deadline.
    #[napi]
    pub fn expire(&self) {
        self.0.gate.expire();
    }

    /// Ends the link: later calls fail, and the connection closes when the earlier ones have
    /// completed. The promise of this is known as that of a call; gives `true` when there is
    /// nothing to wait for.
    #[napi(ts_return_type = "true | undefined")]
    pub fn close(&self, env: &Env) -> Option<bool> {
        let shared = &self.0;
        shared.is_closed.set(true);
        let number = shared.promises.reserve();
        let is_waiting = shared.gate.close(number);
        if is_waiting {
            shared.completions.depart(env.raw());
        } else {
            shared.promises.free([number]);
        }
        shared.completions.close(env.raw());
        (!is_waiting).then_some(true)
    }

    /// What went over its connections so far.
    #[napi]
    pub fn bytes(&self) -> Bytes {
        let (sent, received) = match &*self.0.queue.backend {
            Place::One(redis) => (redis.stats().sent(), redis.stats().received()),
            Place::Other(_) => (0, 0),
        };
        Bytes {
            sent: sent as f64,
            received: received as f64,
        }
    }
}
