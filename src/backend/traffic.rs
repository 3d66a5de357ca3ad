//! What a link keeps of its connections: their bytes, counted as they pass, and how the servers name
//! the last ones.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What went over all connections of a link so far, TLS taken off. Written by the I/O thread.
#[derive(Debug)]
pub struct Traffic {
    since: Instant,
    sent: AtomicU64,
    received: AtomicU64,
    /// When bytes last came in, in ms after `since`.
    heard: AtomicU64,
    named: Mutex<HashMap<Arc<str>, Named>>,
}

/// How a server names a connection: a number, and the address that it sees. Both, since a server
/// that was restarted counts anew.
#[derive(Clone, Debug)]
pub struct Named {
    pub id: String,
    pub address: String,
}

impl Named {
    /// Reads the reply to `CLIENT INFO`.
    pub fn parse(info: &str) -> Option<Named> {
        let field = |name: &str| {
            let mut fields = info.split_ascii_whitespace();
            fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        Some(Named {
            id: field("id")?.to_owned(),
            address: field("addr")?.to_owned(),
        })
    }
}

impl Traffic {
    /// Nothing yet.
    pub fn new() -> Arc<Traffic> {
        Arc::new(Traffic {
            since: Instant::now(),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            named: Mutex::default(),
        })
    }

    /// The last connection to a server, as that names it.
    pub fn last(&self, server: &str) -> Option<Named> {
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        named.get(server).cloned()
    }

    /// Keeps how a server names its connection.
    pub fn name(&self, server: &Arc<str>, named: Option<Named>) {
        let mut all = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        match named {
            Some(named) => all.insert(server.clone(), named),
            None => all.remove(server),
        };
    }

    /// Bytes handed to the system.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes that came in.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// When bytes last came in, to the millisecond.
    pub fn heard_at(&self) -> Instant {
        self.since + Duration::from_millis(self.heard.load(Ordering::Relaxed))
    }
}

/// A stream whose bytes are counted.
pub struct Counted<S> {
    stream: S,
    traffic: Arc<Traffic>,
}

impl<S> Counted<S> {
    /// Counts the bytes of `stream` in `traffic`.
    pub fn new(stream: S, traffic: Arc<Traffic>) -> Counted<S> {
        Counted { stream, traffic }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, into);
        let came = into.filled().len() - before;
        if came > 0 {
            let Traffic {
                since,
                received,
                heard,
                ..
            } = &*self.traffic;
            received.fetch_add(came as u64, Ordering::Relaxed);
            heard.store(since.elapsed().as_millis() as u64, Ordering::Relaxed);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(went)) = result {
            self.traffic.sent.fetch_add(went as u64, Ordering::Relaxed);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
