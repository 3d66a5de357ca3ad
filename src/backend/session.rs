//! The connections of one link, whatever stands behind it.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::vec;

use tokio::time::{Instant, timeout_at};

use super::calls::{Came, Earlier, Outcome, of_reply, outcome, write};
use super::cluster::{CameBack, Cluster};
use super::connection::{Connection, broken};
use super::deletion::{Deletion, Ground, Sends, Step};
use super::sentinel;
use super::target::{Place, Refusal, Target, late};
use super::topology::Topology;
use super::traffic::Traffic;
use crate::error::Error;
use crate::options::{Endpoint, Settings};
use crate::resp::{Commands, Reply};
use crate::store::{Answer, Args, Op};

/// What a command takes besides its arguments, in bytes.
const COMMAND_ROOM: usize = 64;

/// How many sendings may be in flight at once.
const MAX_IN_FLIGHT: usize = 256;

/// With so many bytes not handed to the system yet, no more are sent: what is not sent can wait, and
/// fail at its deadline without having been carried out.
const MAX_UNWRITTEN: usize = 1024 * 1024;

/// Connections that are logged in. Dropping it closes them.
pub struct Session {
    settings: Arc<Settings>,
    number: u64,
    in_flight: usize,
    connections: Connections,
}

enum Connections {
    /// To one server.
    Single(Box<Connection>),
    /// To each node of a cluster that holds keys.
    Cluster(Box<Cluster>),
}

/// Why a session is over.
pub struct End {
    /// The reason.
    pub error: Error,
    /// Whether the server closed a connection.
    pub is_hang_up: bool,
}

/// What came back for one sending: for each of its calls in order, as far as they came.
pub struct CameFor {
    server: Arc<str>,
    came: CameKind,
    nonsense: Option<Error>,
}

enum CameKind {
    /// Replies to the first calls.
    Replies(vec::IntoIter<Reply>),
    Pieces(vec::IntoIter<Came>),
    Topology(Result<Topology, Error>),
}

impl Session {
    /// Connects and logs in, all within the settings' `connect_timeout`.
    pub async fn open(
        settings: &Arc<Settings>,
        traffic: &Arc<Traffic>,
    ) -> Result<Session, Refusal> {
        static SESSIONS: AtomicU64 = AtomicU64::new(0);
        let end = Instant::now() + settings.connect_timeout;
        let opened = timeout_at(end, Connections::open(settings, traffic, end)).await;
        let connections = opened.unwrap_or_else(|_| {
            let (has_tls, limit) = (settings.tls.is_some(), settings.connect_timeout);
            Err(Refusal::passing(late(&settings.server, has_tls, limit)))
        })?;
        Ok(Session {
            settings: settings.clone(),
            number: SESSIONS.fetch_add(1, Ordering::Relaxed),
            in_flight: 0,
            connections,
        })
    }

    /// Whether more may be sent now.
    pub fn has_room(&self) -> bool {
        let unwritten = match &self.connections {
            Connections::Single(connection) => connection.pipeline.unwritten_bytes(),
            Connections::Cluster(cluster) => cluster.unwritten_bytes(),
        };
        self.in_flight < MAX_IN_FLIGHT && unwritten < MAX_UNWRITTEN
    }

    /// How many sendings, the last ones, are not handed to the system in full.
    pub fn unsent(&self) -> usize {
        match &self.connections {
            Connections::Single(connection) => connection.pipeline.unsent(),
            Connections::Cluster(cluster) => cluster.unsent(),
        }
    }

    /// Sends calls, at least one, after all that were sent before. Their arguments have `bytes` of text.
    pub fn send<'a>(&mut self, calls: impl ExactSizeIterator<Item = (Op, Args<'a>)>, bytes: usize) {
        // Room for all of it, so that nothing grows: a save has each argument twice.
        let room = 2 * bytes + COMMAND_ROOM * calls.len();
        let mut commands = Commands::with_capacity(room);
        for (op, args) in calls {
            write(op, args, &self.settings.names, &mut commands);
        }
        self.in_flight += 1;
        match &mut self.connections {
            Connections::Single(connection) => connection.pipeline.send(commands),
            Connections::Cluster(cluster) => cluster.send(&commands),
        }
    }

    /// Whether a deletion has not begun on this session.
    pub fn is_new_to(&self, deletion: &Deletion) -> bool {
        deletion.is_at_start(self.number)
    }

    /// Sends the next step of a deletion, after all that was sent before.
    pub fn step(&mut self, deletion: &mut Deletion) {
        let (nodes, is_cluster) = match &self.connections {
            Connections::Single(_) => (1, false),
            Connections::Cluster(cluster) => (cluster.nodes(), true),
        };
        let ground = Ground {
            session: self.number,
            nodes,
            is_cluster,
        };
        let step = deletion.next(&self.settings.names, ground);
        self.in_flight += 1;
        match (&mut self.connections, step) {
            (Connections::Cluster(cluster), step) => cluster.step(&step),
            (Connections::Single(connection), Sends::Commands(commands, _)) => {
                connection.pipeline.send(commands);
            }
            (Connections::Single(_), Sends::Topology) => unreachable!("of a cluster only"),
        }
    }

    /// Writes and reads. Resolves to what came back for the first sending, or to the end of the session:
    /// a connection is gone, owes replies and is silent, or does not speak as Redis does.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<CameFor, End>> {
        let came = match &mut self.connections {
            Connections::Single(connection) => {
                let replies = ready!(connection.pipeline.poll(context));
                replies
                    .map(|replies| CameKind::Replies(replies.into_iter()))
                    .map_err(|error| (broken(&self.settings.server, &error), error))
            }
            Connections::Cluster(cluster) => ready!(cluster.poll(context)).map(CameKind::from),
        };
        Poll::Ready(match came {
            Ok(came) => {
                self.in_flight -= 1;
                Ok(self.came_for(came))
            }
            Err((error, cause)) => {
                use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
                let is_hang_up =
                    matches!(cause.kind(), BrokenPipe | ConnectionReset | UnexpectedEof);
                Err(End { error, is_hang_up })
            }
        })
    }

    /// Ends the session: what came back for each sending in flight so far, in order.
    pub fn end(mut self) -> VecDeque<CameFor> {
        let known: Vec<CameKind> = match &mut self.connections {
            Connections::Single(connection) => {
                let known = connection.pipeline.take_known();
                known
                    .map(|replies| CameKind::Replies(replies.into_iter()))
                    .collect()
            }
            Connections::Cluster(cluster) => {
                let known = cluster.take_known().into_iter();
                known.map(CameKind::from).collect()
            }
        };
        known.into_iter().map(|came| self.came_for(came)).collect()
    }

    fn came_for(&self, came: CameKind) -> CameFor {
        CameFor {
            server: self.settings.server.clone(),
            came,
            nonsense: None,
        }
    }
}

impl Connections {
    async fn open(
        settings: &Arc<Settings>,
        traffic: &Arc<Traffic>,
        end: Instant,
    ) -> Result<Connections, Refusal> {
        let place = match &settings.endpoint {
            Endpoint::Tcp { address, family } => Place::Tcp(address, *family),
            Endpoint::Unix(path) => Place::Unix(path),
            Endpoint::Sentinel(of) => {
                let master = sentinel::open(settings, of, traffic, end).await?;
                return Ok(Connections::Single(Box::new(master)));
            }
            Endpoint::Cluster(of) => {
                let cluster = Cluster::open(settings, of, traffic, end).await?;
                return Ok(Connections::Cluster(Box::new(cluster)));
            }
        };
        let target = Target::of(settings, place, settings.server.clone(), traffic);
        let connection = Connection::open(&target, end).await?;
        Ok(Connections::Single(Box::new(connection)))
    }
}

impl From<CameBack> for CameKind {
    fn from(came: CameBack) -> CameKind {
        match came {
            CameBack::Commands(came) => CameKind::Pieces(came.into_iter()),
            CameBack::Topology(topology) => CameKind::Topology(topology),
        }
    }
}

impl CameFor {
    /// What became of the next call, given what its earlier sendings did.
    pub fn next(&mut self, op: Op, earlier: &mut Earlier) -> Outcome {
        let server = &self.server;
        let outcome = match &mut self.came {
            CameKind::Replies(replies) => match replies.next() {
                Some(reply) => of_reply(op, reply, earlier, server),
                None => outcome(op, Came::Lost, earlier, server),
            },
            CameKind::Pieces(came) => {
                let came = came.next().unwrap_or(Came::Lost);
                outcome(op, came, earlier, server)
            }
            CameKind::Topology(_) => outcome(op, Came::Lost, earlier, server),
        };
        if let Outcome::Nonsense(error) = outcome {
            return self.out_of_step(error);
        }
        outcome
    }

    /// Whatever comes after this is out of step too.
    fn out_of_step(&mut self, error: Error) -> Outcome {
        self.came = CameKind::Replies(vec![].into_iter());
        self.nonsense = Some(error);
        Outcome::Lost
    }

    /// What a step of a deletion came to, `None` when there are more to do.
    pub fn step(&mut self, deletion: &mut Deletion) -> Option<Outcome> {
        let none = CameKind::Replies(vec![].into_iter());
        let server = &self.server;
        let stepped = match std::mem::replace(&mut self.came, none) {
            CameKind::Replies(replies) => deletion.advance(replies.collect(), server),
            CameKind::Pieces(came) => {
                let mut replies = Vec::with_capacity(came.len());
                for came in came {
                    match came {
                        Came::Reply(reply) => replies.push(reply),
                        Came::Refused(error) => return Some(Outcome::Refused(error)),
                        Came::Halves(_) | Came::Lost => return Some(Outcome::Lost),
                    }
                }
                deletion.advance(replies, server)
            }
            CameKind::Topology(topology) => {
                topology.and_then(|topology| deletion.compare(topology, server))
            }
        };
        match stepped {
            Ok(Step::More) => None,
            Ok(Step::Done) => Some(Outcome::Settled(Ok(Answer::Yes))),
            Err(error @ Error::Protocol { .. }) => Some(self.out_of_step(error)),
            Err(error) if error.passes() => Some(Outcome::Refused(error)),
            Err(error) => Some(Outcome::Settled(Err(error))),
        }
    }

    /// Why the session is of no more use, when what came is nonsense.
    pub fn nonsense(self) -> Option<Error> {
        self.nonsense
    }
}
