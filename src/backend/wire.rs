//! Sending on a connection: what is handed over goes out in order, what comes back is awaited.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use redis::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

use crate::resp::{Commands, Reply, decode};

/// How many pipelines may be under way at once.
pub const MAX_UNDER_WAY: usize = 256;

/// How many bytes are read in one go, at least.
const READ_SIZE: usize = 64 * 1024;

/// The way to send on a connection; of no more use once the connection is dropped.
#[derive(Clone)]
pub struct Wire(mpsc::UnboundedSender<Request>);

struct Request {
    bytes: Vec<u8>,
    answer: Awaited,
}

/// What one pipeline is owed.
struct Awaited {
    count: usize,
    replies: Vec<Reply>,
    to: oneshot::Sender<io::Result<Vec<Reply>>>,
}

impl Wire {
    /// Sends a pipeline after all that were sent before.
    ///
    /// Yields one reply a command; fails when the connection is lost, or when what comes back is
    /// not Redis's (`InvalidData`).
    pub fn send(&self, commands: Commands) -> Replies {
        let (to, replies) = oneshot::channel();
        let count = commands.len();
        // Without a driver the request is dropped, which the receiver hears.
        let _ = self.0.send(Request {
            bytes: commands.into_bytes(),
            answer: Awaited {
                count,
                replies: Vec::with_capacity(count),
                to,
            },
        });
        Replies::OfOne(replies)
    }

    /// Sends a command after all that were sent before.
    pub async fn ask(&self, name: &str, arguments: &[&[u8]]) -> io::Result<Value> {
        let replies = self.send(Commands::one(name, arguments)).await?;
        let reply = replies.into_iter().next();
        reply.map(Reply::into_value).ok_or_else(closed)
    }
}

/// The replies of one pipeline, on their way.
pub enum Replies {
    /// Of one server.
    OfOne(oneshot::Receiver<io::Result<Vec<Reply>>>),
    /// Of several, put together.
    OfMany(Pin<Box<dyn Future<Output = io::Result<Vec<Reply>>> + Send>>),
}

impl Future for Replies {
    type Output = io::Result<Vec<Reply>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Replies::OfOne(replies) => {
                let replies = ready!(Pin::new(replies).poll(context));
                Poll::Ready(replies.unwrap_or_else(|_| Err(closed())))
            }
            Replies::OfMany(replies) => replies.as_mut().poll(context),
        }
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed it")
}

/// Writes and reads a stream; ends with it, and when no [`Wire`] is left.
pub struct Driver<S> {
    stream: S,
    requests: mpsc::UnboundedReceiver<Request>,
    /// What is to be written, and how far the first has come.
    unwritten: VecDeque<Vec<u8>>,
    written: usize,
    needs_flush: bool,
    awaited: VecDeque<Awaited>,
    input: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// The driver of a stream, which must be polled for anything to happen.
    pub fn new(stream: S) -> (Wire, Driver<S>) {
        let (sender, requests) = mpsc::unbounded_channel();
        let driver = Driver {
            stream,
            requests,
            unwritten: VecDeque::new(),
            written: 0,
            needs_flush: false,
            awaited: VecDeque::new(),
            input: BytesMut::new(),
        };
        (Wire(sender), driver)
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(bytes) = self.unwritten.front() {
            let rest = &bytes[self.written..];
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
            self.needs_flush = true;
            if self.written == bytes.len() {
                self.unwritten.pop_front();
                self.written = 0;
            }
        }
        if self.needs_flush {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.input.reserve(READ_SIZE);
            let read = self.stream.read_buf(&mut self.input);
            if ready!(pin!(read).poll(context))? == 0 {
                return Poll::Ready(Err(closed()));
            }
            self.answer()?;
        }
    }

    /// Hands on the replies that are there in full.
    fn answer(&mut self) -> io::Result<()> {
        while let Some(reply) = decode(&mut self.input)? {
            // One that nobody asked for: a server that hangs up may say why.
            let Some(first) = self.awaited.front_mut() else {
                continue;
            };
            first.replies.push(reply);
            if first.replies.len() == first.count
                && let Some(Awaited { replies, to, .. }) = self.awaited.pop_front()
            {
                // Who does not wait any more needs no answer.
                let _ = to.send(Ok(replies));
            }
        }
        Ok(())
    }

    fn poll_requests(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Some(Request { bytes, answer }) = ready!(self.requests.poll_recv(context)) {
            self.unwritten.push_back(bytes);
            self.awaited.push_back(answer);
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Driver<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let driver = &mut *self;
        if driver.poll_requests(context).is_ready() {
            return Poll::Ready(());
        }
        let error = match driver.poll_write(context) {
            Poll::Ready(Err(error)) => error,
            _ => match driver.poll_read(context) {
                Poll::Ready(Err(error)) => error,
                _ => return Poll::Pending,
            },
        };
        // The others hear that their sender is gone.
        if let Some(first) = driver.awaited.pop_front() {
            let _ = first.to.send(Err(error));
        }
        Poll::Ready(())
    }
}
