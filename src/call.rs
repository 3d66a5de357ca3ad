//! The words of the store: what is called, with what, and what it comes to.

use bytes::Bytes;

use crate::key::Half;

/// The five calls on pairs, two lookups of many, one that lists pairs, and two on a file of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `saveIds`
    SaveIds,
    /// `getBotmaticId`
    GetBotmaticId,
    /// `getExtId`
    GetExtId,
    /// `getBotmaticId` for one of many: it may share a command with its neighbours.
    GetBotmaticIds,
    /// `getExtId` for one of many, as above.
    GetExtIds,
    /// `deleteIds`
    DeleteIds,
    /// `deleteAllIds`
    DeleteAllIds,
    /// A page of a listing: `first` is where it begins, as the page before it said, and `second` what is
    /// listed, see [`Listed`].
    ListIds,
    /// Makes the file of an embedded store as small as it can be.
    Compact,
    /// Copies the file of an embedded store to the path `first`.
    Backup,
}

/// What a listing lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Botmatic ids of an integration: `b:<id>` each.
    Botmatic,
    /// External ids of an integration: `e:<id>` each.
    External,
    /// Both.
    Both,
    /// Integrations under a key prefix, each as the backend knows it: `<pairs>:<integration id>` where
    /// it counts, else `<integration id>:b:<botmatic id>` for each pair.
    Integrations,
}

impl Listed {
    /// Reads the argument of a call.
    pub fn read(argument: &[u8]) -> Listed {
        match argument {
            b"b" => Listed::Botmatic,
            b"e" => Listed::External,
            b"i" => Listed::Integrations,
            _ => Listed::Both,
        }
    }
}

impl Operation {
    /// The method's name in JavaScript.
    pub fn name(self) -> &'static str {
        match self {
            Operation::SaveIds => "saveIds",
            Operation::GetBotmaticId | Operation::GetBotmaticIds => "getBotmaticId",
            Operation::GetExtId | Operation::GetExtIds => "getExtId",
            Operation::DeleteIds => "deleteIds",
            Operation::DeleteAllIds => "deleteAllIds",
            Operation::ListIds => "listIds",
            Operation::Compact => "compact",
            Operation::Backup => "backup",
        }
    }

    /// Whether the call only reads.
    pub fn is_lookup(self) -> bool {
        matches!(
            self,
            Operation::GetBotmaticId
                | Operation::GetExtId
                | Operation::GetBotmaticIds
                | Operation::GetExtIds
                | Operation::ListIds
        )
    }

    /// The same by itself, where it may share a command with its neighbours.
    pub fn alone(self) -> Operation {
        match self {
            Operation::GetBotmaticIds => Operation::GetBotmaticId,
            Operation::GetExtIds => Operation::GetExtId,
            operation => operation,
        }
    }

    /// Which half a lookup of an id reads: the one that its id is of.
    pub fn half(self) -> Option<Half> {
        match self {
            Operation::GetExtId | Operation::GetExtIds => Some(Half::Botmatic),
            Operation::GetBotmaticId | Operation::GetBotmaticIds => Some(Half::External),
            _ => None,
        }
    }
}

/// What is given as an id and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoId {
    /// `undefined`
    Undefined,
    /// `null`
    Null,
    /// The empty string, or what has it as text.
    Empty,
    /// `NaN`
    NotANumber,
    /// An array.
    Array,
    /// A function.
    Function,
    /// What has a `then`.
    Promise,
    /// An object whose text says no more than that.
    Object,
}

impl NoId {
    /// What it is, in a message.
    pub fn name(self) -> &'static str {
        match self {
            NoId::Undefined => "undefined",
            NoId::Null => "null",
            NoId::Empty => "empty",
            NoId::NotANumber => "NaN",
            NoId::Array => "an array",
            NoId::Function => "a function",
            NoId::Promise => "a promise",
            NoId::Object => "an object without a text of its own",
        }
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            NoId::Promise => "await it first",
            _ => "pass a string, a number or an object with a toString of its own",
        }
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
    /// A page of a listing: where the next one begins, empty when there is none, and what is on this one.
    Page(Vec<Bytes>),
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
