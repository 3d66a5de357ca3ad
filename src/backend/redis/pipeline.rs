//! A stream that is written and read by whoever polls it: commands go out in order, replies come
//! back to them.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::commands::Commands;
use super::in_flight::InFlight;
use super::replies::{Reply, decode};
use super::response_timeout::ResponseTimeout;

/// How many bytes are read in one go, at least.
const READ_SIZE: usize = 64 * 1024;

/// Pipelines on their way over one stream.
pub(super) struct Pipeline<S> {
    stream: S,
    /// What is to be written, and how far the first has come.
    unwritten: VecDeque<Vec<u8>>,
    written: usize,
    unwritten_bytes: usize,
    needs_flush: bool,
    /// How many the stream has taken and may not have passed on: TLS keeps some back.
    unflushed: usize,
    in_flight: VecDeque<InFlight>,
    /// How many of these, the first ones, have all their replies.
    complete: usize,
    input: BytesMut,
    silence: ResponseTimeout,
    end: Option<io::Error>,
    has_ended_owing: bool,
    /// Whether a reply has come that several calls share, and was no error.
    has_shared: bool,
}

/// What is known of a sending when its stream has ended.
pub(super) enum Known {
    /// The replies to its first commands, maybe none.
    Replies(Vec<Reply>),
    /// Nothing of it was written.
    Unsent,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pipeline<S> {
    /// Nothing sent yet. The connection ends when it owes replies and is silent for `silence`.
    pub(super) fn new(stream: S, silence: Duration) -> Pipeline<S> {
        Pipeline {
            stream,
            unwritten: VecDeque::new(),
            written: 0,
            unwritten_bytes: 0,
            needs_flush: false,
            unflushed: 0,
            in_flight: VecDeque::new(),
            complete: 0,
            input: BytesMut::new(),
            silence: ResponseTimeout::new(silence),
            end: None,
            has_ended_owing: false,
            has_shared: false,
        }
    }

    /// Sends commands after all that were sent before, once polled.
    pub(super) fn send(&mut self, commands: Commands) {
        let (bytes, count, shared) = commands.into_parts();
        if self.in_flight.is_empty() {
            self.silence.heard();
        }
        self.in_flight.push_back(InFlight::new(count, shared));
        self.unwritten_bytes += bytes.len();
        self.unwritten.push_back(bytes);
    }

    /// How many bytes wait to be handed to the system, to within one sending.
    pub(super) fn unwritten_bytes(&self) -> usize {
        self.unwritten_bytes
    }

    /// How many sendings, the last ones, are not handed to the system in full.
    pub(super) fn unsent(&self) -> usize {
        self.unwritten.len() + self.unflushed
    }

    /// Writes and reads. Resolves to the replies to the first sending, one a command; fails when the
    /// stream has ended, or when what comes back is not Redis's (`InvalidData`).
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Vec<Reply>>> {
        loop {
            if self.complete > 0
                && let Some(sent) = self.in_flight.pop_front()
            {
                self.complete -= 1;
                if self.in_flight.is_empty() {
                    self.silence.rest();
                }
                return Poll::Ready(Ok(sent.replies));
            }
            if let Some(end) = &mut self.end {
                return Poll::Ready(Err(std::mem::replace(end, closed())));
            }
            if let Err(error) = ready!(self.poll_stream(context)) {
                self.end = Some(error);
            }
        }
    }

    /// Whether it was sent what is not answered: what has ended is asked too.
    pub(super) fn owes(&self) -> bool {
        self.has_ended_owing || !self.in_flight.is_empty()
    }

    /// Whether the reply that comes next is one that several calls share.
    pub(super) fn owes_shared(&self) -> bool {
        let first = self.in_flight.get(self.complete);
        first.is_some_and(|owed| owed.next_shared().is_some())
    }

    /// Whether such a reply has come, and was no error.
    pub(super) fn has_shared(&self) -> bool {
        self.has_shared
    }

    /// Takes what is known of each sending in flight, in order, now that no more will be.
    pub(super) fn take_known(&mut self) -> impl Iterator<Item = Known> {
        self.complete = 0;
        self.has_ended_owing = self.owes();
        let unsent = self.unwritten.len() - usize::from(self.written > 0);
        let sent = self.in_flight.len() - unsent;
        let in_flight = self.in_flight.drain(..).enumerate();
        in_flight.map(move |(n, owed)| match n < sent {
            true => Known::Replies(owed.replies),
            false => Known::Unsent,
        })
    }

    /// Resolves once something was read.
    fn poll_stream(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let write = self.poll_write(context);
        // Before a failure to write counts: who hangs up may have said why.
        let read = self.poll_read(context);
        match (read, write) {
            (Poll::Ready(read), _) => return Poll::Ready(read),
            (Poll::Pending, Poll::Ready(Err(error))) => return Poll::Ready(Err(error)),
            (Poll::Pending, _) => {}
        }
        if self.in_flight.is_empty() {
            return Poll::Pending;
        }
        self.silence.poll(context).map(Err)
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut is_full = false;
        while let Some(bytes) = self.unwritten.front()
            && !is_full
        {
            let rest = &bytes[self.written..];
            match Pin::new(&mut self.stream).poll_write(context, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => self.written += written,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => is_full = true,
            }
            self.needs_flush = true;
            if self.written == bytes.len() {
                self.unwritten_bytes -= bytes.len();
                self.unwritten.pop_front();
                self.written = 0;
                self.unflushed += 1;
            }
        }
        if self.needs_flush {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.needs_flush = false;
            self.unflushed = 0;
        }
        match is_full {
            true => Poll::Pending,
            false => Poll::Ready(Ok(())),
        }
    }

    /// One that ends within a reply is no hang-up: what was asked there was about to be answered.
    fn ended(&self, error: io::Error) -> io::Error {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, UnexpectedEof};
        let first = self.in_flight.get(self.complete);
        let is_within = first.is_some_and(InFlight::is_within);
        match error.kind() {
            ConnectionReset | UnexpectedEof if !self.input.is_empty() || is_within => {
                io::Error::new(ConnectionAborted, error)
            }
            _ => error,
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.reserve(READ_SIZE);
        let read = self.stream.read_buf(&mut self.input);
        match ready!(pin!(read).poll(context)) {
            Ok(0) => return Poll::Ready(Err(self.ended(closed()))),
            Err(error) => return Poll::Ready(Err(self.ended(error))),
            Ok(_) => {}
        }
        self.silence.heard();
        loop {
            let is_there = match self.in_flight.get_mut(self.complete) {
                Some(sent) => {
                    let is_all = sent.take(&mut self.input)?;
                    self.has_shared |= sent.has_shared();
                    self.complete += usize::from(is_all);
                    is_all
                }
                // One that nobody asked for: a server that hangs up may say why.
                None => decode(&mut self.input)?.is_some(),
            };
            if !is_there {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// The server closed the connection.
pub(super) fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn what_is_known_of_each_sending_when_the_stream_ends() {
        let command = Commands::one("GET", &[b"k"]);
        let length = command.clone().into_bytes().len();
        // Room for one and a part of the next.
        let (near, mut far) = tokio::io::duplex(length + 1);
        let mut pipeline = Pipeline::new(near, Duration::from_secs(5));
        for _ in 0..3 {
            pipeline.send(command.clone());
        }
        let end = async {
            far.write_all(b":1\r\n").await.unwrap();
            tokio::task::yield_now().await;
            drop(far);
        };
        let poll = async {
            let first = poll_fn(|context| pipeline.poll(context)).await.unwrap();
            assert_eq!(first.len(), 1);
            assert_eq!(pipeline.unsent(), 2);
            assert!(poll_fn(|context| pipeline.poll(context)).await.is_err());
        };
        tokio::join!(end, poll);
        let known: Vec<_> = pipeline.take_known().collect();
        assert!(
            matches!(&known[..], [Known::Replies(replies), Known::Unsent] if replies.is_empty())
        );
    }
}
