//! Many calls in one go, with one promise.

use std::ptr;

use napi::sys;

use super::calls::{Calls, ids_of};
use super::function::ARGUMENTS;
use super::promise::{Many, Ticket};
use super::text::{self, Unwritten};
use super::value;
use crate::call::{NoId, Operation};
use crate::engine::{Completion, Failure, Receiver};
use crate::error::{Error, masked};

impl Calls {
    /// Makes many calls with one promise, which JavaScript knows by the number on the board. Of what is given the second
    /// is an array of ids, those of one call after those of another; none of them runs code to become text.
    pub(super) fn many(
        &self,
        env: sys::napi_env,
        operation: Operation,
        [mut integration, ids, _]: [sys::napi_value; ARGUMENTS],
    ) -> sys::napi_value {
        let number = self.shared.promises.reserve();
        let width = ids_of(operation).len();
        let count = value::length(env, ids) / width;
        let refusal = self.refusal();
        self.owner.began(count);
        let many = Some(Many::new(count));
        self.under_way(env, number, None, many);
        // It is a string, or becomes one as it is.
        let _ = text::convert(env, &mut integration);
        let mut failed = Vec::new();
        for place in 0..count {
            let at = |n: usize| value::element(env, ids, place * width + n);
            let mut own = [at(0), if width > 1 { at(1) } else { ptr::null_mut() }];
            let ticket = Ticket::among(number, place);
            let made = match &refusal {
                Some(error) => Err(error.clone()),
                None => self.make_one(env, operation, ticket, integration, &mut own[..width]),
            };
            if let Err(error) = made {
                failed.push(Completion {
                    ticket,
                    result: Err(Failure {
                        operation,
                        integration: masked(&text::bytes(env, integration)),
                        error,
                    }),
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
        integration: sys::napi_value,
        ids: &mut [sys::napi_value],
    ) -> std::result::Result<(), Error> {
        if self.push(env, operation, ticket, integration, ids).is_ok() {
            return Ok(());
        }
        let unreadable = || Error::Internal("an argument cannot be read".into());
        for (id, &which) in ids.iter_mut().zip(ids_of(operation)) {
            if let Some(what) = text::convert_id(env, id).map_err(|_| unreadable())? {
                return Err(Error::NoId { which, what });
            }
        }
        let pushed = self.push(env, operation, ticket, integration, ids);
        pushed.map_err(|unwritten| match unwritten {
            Unwritten::Empty(n) => Error::NoId {
                which: ids_of(operation)[n],
                what: NoId::Empty,
            },
            Unwritten::Unreadable => unreadable(),
        })
    }
}
