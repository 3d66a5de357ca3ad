//! Several places that may serve, tried one after the other.

use std::future::Future;

use tokio::time::{Instant, timeout_at};

use crate::backend::ConnectError;
use crate::error::Error;

/// Tries each of the places, at least one, until one is good, by `end`; a final refusal ends it too.
/// Each place has an equal share of the time that is left, so that one that keeps silent leaves
/// time for the next; `late` is what is wrong with one whose share ran out.
pub(super) async fn in_turn<P, T, F>(
    places: impl ExactSizeIterator<Item = P>,
    end: Instant,
    late: impl Fn(&P) -> Error,
    attempt: impl Fn(P, Instant) -> F,
) -> Result<T, ConnectError>
where
    P: Clone,
    F: Future<Output = Result<T, ConnectError>>,
{
    let mut left = places.len() as u32;
    let mut last =
        ConnectError::transient(Error::Internal("there is nothing to connect to".into()));
    for place in places {
        let now = Instant::now();
        let share = now + end.saturating_duration_since(now) / left;
        left -= 1;
        last = match timeout_at(share, attempt(place.clone(), share)).await {
            Ok(Err(refusal)) if !refusal.is_final => refusal,
            Ok(result) => return result,
            Err(_) => ConnectError::transient(late(&place)),
        };
    }
    Err(last)
}
