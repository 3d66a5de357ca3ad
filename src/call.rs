//! The words of the store: what is called, with what, and what it comes to.

use bytes::Bytes;

/// The five calls on pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `saveIds`
    SaveIds,
    /// `getBotmaticId`
    GetBotmaticId,
    /// `getExtId`
    GetExtId,
    /// `deleteIds`
    DeleteIds,
    /// `deleteAllIds`
    DeleteAllIds,
}

impl Operation {
    /// The method's name in JavaScript.
    pub fn name(self) -> &'static str {
        match self {
            Operation::SaveIds => "saveIds",
            Operation::GetBotmaticId => "getBotmaticId",
            Operation::GetExtId => "getExtId",
            Operation::DeleteIds => "deleteIds",
            Operation::DeleteAllIds => "deleteAllIds",
        }
    }

    /// Whether the call only reads.
    pub fn is_lookup(self) -> bool {
        matches!(self, Operation::GetBotmaticId | Operation::GetExtId)
    }
}

/// What a call comes to when it does not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done: `true`.
    Yes,
    /// Not all was there to delete: `false`.
    No,
    /// The id that was looked up.
    Id(Bytes),
    /// There is no such id: `null`.
    Missing,
}

impl From<bool> for Answer {
    fn from(is_yes: bool) -> Answer {
        if is_yes { Answer::Yes } else { Answer::No }
    }
}

/// The arguments of a call.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    /// Key prefix and integration id.
    pub stem: &'a [u8],
    /// The botmatic id of a save or delete, the one id of a lookup.
    pub first: &'a [u8],
    /// The external id of a save or delete.
    pub second: &'a [u8],
}
