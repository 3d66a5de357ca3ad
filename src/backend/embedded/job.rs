//! What the writer is given to do.

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::call::{Args, Operation};
use crate::error::Error;

/// Something to do, and who hears what it came to.
pub(super) struct Job {
    pub work: Work,
    /// Whether it is to be on the disk when it is answered.
    pub is_durable: bool,
    pub reply: oneshot::Sender<Reply>,
}

/// What is to be done.
pub(super) enum Work {
    /// The file is to be opened, unless it is open.
    Open,
    /// Calls are to be carried out, in their order.
    Calls(Calls),
    /// The file is to be closed: its last user is gone.
    Close,
}

/// What became of each call, or of all of them.
pub(super) type Reply = Result<Vec<Result<Done, Error>>, Error>;

/// What a call has done.
#[derive(Clone, Debug)]
pub(super) enum Done {
    /// A pair is saved.
    Saved,
    /// What was looked up is this.
    Found(Option<Bytes>),
    /// So many keys of a pair were there, and are gone.
    Deleted(u8),
    /// An integration is gone, or what was to be done with the file is done.
    Finished,
    /// A page of a listing: where the next one begins, and what is on this one.
    Listed(Vec<Bytes>),
}

/// Calls with their arguments.
#[derive(Default)]
pub(super) struct Calls {
    calls: Vec<(Operation, [usize; 3])>,
    text: Vec<u8>,
}

impl Calls {
    /// None, with room for some.
    pub(super) fn with_capacity(calls: usize, bytes: usize) -> Calls {
        Calls {
            calls: Vec::with_capacity(calls),
            text: Vec::with_capacity(bytes),
        }
    }

    /// Adds a call.
    pub(super) fn push(&mut self, operation: Operation, args: Args<'_>) {
        let parts = [args.stem, args.first, args.second];
        self.calls.push((operation, parts.map(<[u8]>::len)));
        for part in parts {
            self.text.extend_from_slice(part);
        }
    }

    /// The calls, in order.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (Operation, Args<'_>)> {
        let mut rest = &*self.text;
        self.calls.iter().map(move |(operation, lengths)| {
            let [stem, first, second] = lengths.map(|length| {
                let part;
                (part, rest) = rest.split_at(length);
                part
            });
            let args = Args {
                stem,
                first,
                second,
            };
            (*operation, args)
        })
    }

    /// How long their arguments are, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }
}
