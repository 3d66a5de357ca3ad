//! Many calls in one go, with one promise.

use std::ptr;

use napi::sys;

use super::calls::{Calls, ids_of};
use super::promise::{Many, Ticket};
use super::text::{self, Unwritten};
use crate::call::{NoId, Operation};
use crate::engine::{Completion, Failure, Receiver};
use crate::error::{Error, masked};

impl Calls {
    /// Makes many calls with one promise, which JavaScript knows by the number on the board. Given is the
    /// integration id, and then the ids, those of one call after those of another; none of them runs code
    /// to become text.
    pub(super) fn many(
        &self,
        env: sys::napi_env,
        operation: Operation,
        given: &[sys::napi_value],
    ) -> sys::napi_value {
        let [integration, ids @ ..] = given else {
            return ptr::null_mut();
        };
        let number = self.shared.promises.reserve();
        let calls = ids.chunks_exact(ids_of(operation).len());
        let count = calls.len();
        let refusal = self.refusal();
        self.owner.count(count);
        self.owner.began(count);
        let many = Some(Many::new(count));
        self.under_way(env, number, None, many);
        let mut integration = *integration;
        // It is a string, or becomes one as it is.
        let _ = text::convert(env, &mut integration);
        let integration = text::bytes(env, integration);
        let mut failed = Vec::new();
        for (place, ids) in calls.enumerate() {
            let ticket = Ticket::among(number, place);
            let made = match &refusal {
                Some(error) => Err(error.clone()),
                None => self.make_one(env, operation, ticket, &integration, ids),
            };
            if let Err(error) = made {
                failed.push(Completion {
                    ticket,
                    result: Err(Box::new(Failure {
                        operation,
                        integration: masked(&integration),
                        error,
                    })),
                    attempts: 0,
                });
            }
        }
        if !failed.is_empty() {
            self.shared.completions.settle(&mut failed);
        }
        ptr::null_mut()
    }

    /// Queues one of many calls.
    fn make_one(
        &self,
        env: sys::napi_env,
        operation: Operation,
        ticket: Ticket,
        integration: &[u8],
        ids: &[sys::napi_value],
    ) -> std::result::Result<(), Error> {
        let push = |ids: &[_]| {
            let stem = [self.owner.settings.key_prefix.as_bytes(), integration];
            self.push(operation, ticket, |out| {
                text::write_after(env, stem, ids, out)
            })
        };
        // Most are all strings and integers, which need no conversion.
        if push(ids).is_ok() {
            return Ok(());
        }
        let unreadable = || Error::Internal("an argument cannot be read".into());
        let mut ids = ids.to_vec();
        for (id, &which) in ids.iter_mut().zip(ids_of(operation)) {
            if let Some(what) = text::convert_id(env, id).map_err(|_| unreadable())? {
                return Err(Error::NoId { which, what });
            }
        }
        push(&ids).map_err(|unwritten| match unwritten {
            Unwritten::Empty(n) => Error::NoId {
                which: ids_of(operation)[n],
                what: NoId::Empty,
            },
            Unwritten::Unreadable => unreadable(),
        })
    }
}
