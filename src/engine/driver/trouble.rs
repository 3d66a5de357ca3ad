//! What keeps calls until their deadline.

use super::Driver;
use crate::backend::Backend;
use crate::error::Error;
use crate::settings::Settings;

/// Why calls wait.
pub(super) enum Trouble {
    /// There is no session, or they were refused on the last one, for this reason.
    Known(Error),
    /// The first attempt to connect has not ended yet.
    Unconnected,
    /// No answer comes.
    Silent,
}

impl Trouble {
    /// What a call fails with whose deadline is over.
    pub(super) fn of_overdue(&self, settings: &Settings) -> Error {
        let (server, reason) = (settings.server.clone(), "it has not answered yet".into());
        let error = match self {
            Trouble::Known(error) => error.clone(),
            Trouble::Silent => Error::Timeout { server },
            Trouble::Unconnected if settings.tls.is_some() => Error::Tls { server, reason },
            Trouble::Unconnected => Error::Unreachable { server, reason },
        };
        Error::Late(Box::new(error))
    }
}

impl<T: Send + 'static, B: Backend> Driver<T, B> {
    /// Why calls wait now.
    pub(super) fn trouble_now(&self) -> Trouble {
        let is_connected = self.reconnect.is_connected();
        let mut trouble = self.trouble.iter();
        let known = trouble.find(|error| !is_connected || matches!(error, Error::Reply { .. }));
        match known {
            Some(error) => Trouble::Known(error.clone()),
            None if is_connected => Trouble::Silent,
            None => Trouble::Unconnected,
        }
    }
}
