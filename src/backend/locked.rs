//! Mutexes whose holders cannot leave a thing half done.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a mutex holds. Whoever panicked left it whole: no step under the lock can be half done.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
