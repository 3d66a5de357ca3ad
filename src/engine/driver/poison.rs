//! A server that hangs up on one call, for its length say: the call fails, or those behind it would
//! wait until its deadline. When the server says why, that is a reply as any other; this is about
//! one that does not.

use std::time::Duration;

use super::Driver;
use crate::backend::{Backend, Session};
use crate::engine::barrier::Item;
use crate::error::Error;

/// A connection that is to tell something must first stand for so many times as long as the last one
/// carried the call: then it is hardly by chance, or for all connections alike, that it is closed
/// as soon as the call comes.
const PROOF: u32 = 4;
/// So many such connections are enough.
const ENOUGH: u8 = 3;

impl<T: Send + 'static, B: Backend> Driver<T, B> {
    /// The server closed the connection.
    pub(super) fn suspect(&mut self) {
        let has_stood = !std::mem::take(&mut self.proof).is_zero();
        for item in &mut self.pending.in_flight {
            for entry in &mut item.batch_mut().entries {
                entry.losses = entry.losses.saturating_add(1);
            }
        }
        let in_flight = self.pending.in_flight.make_contiguous();
        let [Item::Calls(batch)] = in_flight else {
            return;
        };
        let [entry] = &batch.entries[..] else {
            return;
        };
        let args = batch.args(entry);
        if args.stem.len() + args.first.len() + args.second.len() < B::Session::HARMLESS {
            return;
        }
        self.proof = PROOF * self.moved_at.elapsed();
        let entry = &mut batch.entries[0];
        entry.hang_ups += u8::from(has_stood);
        if entry.hang_ups == ENOUGH {
            self.proof = Duration::ZERO;
            self.reconnect.reset_backoff();
            let server = batch.settings.server.clone();
            batch.finish(Err(Error::HungUp { server }), &mut self.pending.completions);
        }
    }
}
