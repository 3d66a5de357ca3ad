//! The connections that serve calls at a time: one to a server or a master, or one to each node of a
//! cluster.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use super::answers::{Answers, Received};
use super::cluster::Cluster;
use super::commands::Commands;
use super::connection::{Connection, broken};
use super::deletion::{Deletion, Keyspace, Sends};
use super::dialect::{Dialect, Feature, Lacks};
use super::kept::Kept;
use super::listing::Page;
use super::operations::write;
use super::sentinel;
use super::server::{Place, Server};
use super::together::Together;
use crate::backend::{self, ConnectError, End};
use crate::call::{Args, Operation};
use crate::error::Error;
use crate::key::Half;
use crate::settings::{Endpoint, Settings};

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
    /// The pages that each sending in flight asked for.
    pages: VecDeque<Vec<Page>>,
    dialect: Arc<Dialect>,
    /// What the server was known to lack at the beginning.
    lacks: Lacks,
    /// Whether what was sent last is to show that the server takes lookups together.
    is_trying: bool,
    connections: Connections,
}

enum Connections {
    /// To one server.
    Single(Box<Connection>),
    /// To each node of a cluster that holds keys.
    Cluster(Box<Cluster>),
}

impl Session {
    /// Connects and logs in, by `end` at best.
    pub async fn open(
        settings: &Arc<Settings>,
        kept: &Arc<Kept>,
        end: Instant,
    ) -> Result<Session, ConnectError> {
        static SESSIONS: AtomicU64 = AtomicU64::new(0);
        let dialect = Dialect::of(&settings.server, settings.username.as_deref());
        let connections = Connections::open(settings, kept, end).await?;
        let lacks = match &connections {
            Connections::Single(_) => dialect.lacks(),
            Connections::Cluster(_) => dialect.lacks().with(Feature::Pairs),
        };
        Ok(Session {
            dialect,
            lacks,
            settings: settings.clone(),
            is_trying: false,
            number: SESSIONS.fetch_add(1, Ordering::Relaxed),
            in_flight: 0,
            pages: VecDeque::new(),
            connections,
        })
    }

    /// What came back for the first sending in flight.
    fn answers(&mut self, received: Received) -> Answers {
        let pages = self.pages.pop_front().unwrap_or_default();
        Answers::new(self.dialect.clone(), self.lacks, received, pages)
    }

    /// Whether several lookups of these calls may go with one command. Nodes of a cluster have some of the
    /// keys each. As long as it is not known that the server takes it, nothing goes behind them: when they
    /// are refused and go again by themselves, no later call must have been carried out.
    fn takes_together<'a>(
        &mut self,
        mut calls: impl Iterator<Item = (Operation, Args<'a>)>,
    ) -> bool {
        let lacks = self.dialect.lacks();
        let is_single = matches!(self.connections, Connections::Single(_));
        if !is_single || lacks.has(Feature::Together) || lacks.has(Feature::Refusals) {
            return false;
        }
        if self.dialect.takes(Feature::Together) {
            return true;
        }
        self.is_trying = calls.all(|(operation, _)| operation != operation.alone());
        self.is_trying
    }

    /// What was to show that lookups may go together is answered.
    #[cold]
    fn tried(&mut self) {
        self.is_trying = false;
        if let Connections::Single(connection) = &self.connections
            && connection.pipeline.has_shared()
        {
            self.dialect.saw(Feature::Together);
        }
    }

    fn keyspace(&self) -> Keyspace {
        let (nodes, is_cluster) = match &self.connections {
            Connections::Single(_) => (1, false),
            Connections::Cluster(cluster) => (cluster.nodes(), cluster.has_slots()),
        };
        Keyspace {
            session: self.number,
            nodes,
            is_cluster,
            lacks: self.dialect.lacks(),
            has_named_user: self.settings.username.is_some(),
        }
    }
}

impl Connections {
    async fn open(
        settings: &Arc<Settings>,
        kept: &Arc<Kept>,
        end: Instant,
    ) -> Result<Connections, ConnectError> {
        let place = match &settings.endpoint {
            Endpoint::Tcp { address, family } => Place::Tcp(address, *family),
            Endpoint::Unix(path) => Place::Unix(path),
            Endpoint::Sentinel(of) => {
                let master = sentinel::open(settings, of, kept, end).await?;
                return Connections::of_one(settings, master, kept).await;
            }
            Endpoint::Cluster(of) => {
                let cluster = Cluster::open(settings, of, kept, end).await?;
                return Ok(Connections::Cluster(Box::new(cluster)));
            }
            Endpoint::File(_) | Endpoint::Memory => {
                let reason = "an embedded store is no server".into();
                return Err(ConnectError::lasting(Error::Internal(reason)));
            }
        };
        let server = Server::of(settings, place, settings.server.clone(), kept);
        let connection = Connection::open(&server, end).await?;
        Connections::of_one(settings, connection, kept).await
    }

    /// To one server, as to a cluster of one where it takes no command over several keys.
    async fn of_one(
        settings: &Arc<Settings>,
        connection: Connection,
        kept: &Arc<Kept>,
    ) -> Result<Connections, ConnectError> {
        let dialect = Dialect::of(&settings.server, settings.username.as_deref());
        if !connection.greeting.is_cluster && !dialect.lacks().has(Feature::Pairs) {
            return Ok(Connections::Single(Box::new(connection)));
        }
        let cluster = Cluster::of_one(settings, connection, kept, dialect).await?;
        Ok(Connections::Cluster(Box::new(cluster)))
    }
}

impl backend::Session for Session {
    type Deletion = Deletion;
    type Answers = Answers;

    /// Redis takes at least 1 MB (`client-query-buffer-limit`), and a save brings each id twice.
    const HARMLESS: usize = 512 * 1024;

    fn has_room(&self) -> bool {
        let unwritten = match &self.connections {
            Connections::Single(connection) => connection.pipeline.unwritten_bytes(),
            Connections::Cluster(cluster) => cluster.unwritten_bytes(),
        };
        self.in_flight < MAX_IN_FLIGHT && unwritten < MAX_UNWRITTEN && !self.is_trying
    }

    fn send<'a>(
        &mut self,
        calls: impl ExactSizeIterator<Item = (Operation, Args<'a>)> + Clone,
        bytes: usize,
    ) {
        // Room for all of it, so that nothing grows: a save has each argument twice.
        let room = 2 * bytes + COMMAND_ROOM * calls.len();
        let mut commands = Commands::with_capacity(room);
        let takes_together = self.takes_together(calls.clone());
        let names = &self.settings.names;
        let mut pages = Vec::new();
        let mut together = Together::new(names);
        for (operation, args) in calls {
            match operation {
                Operation::GetBotmaticIds if takes_together => {
                    together.add(Half::External, args, &mut commands);
                    continue;
                }
                Operation::GetExtIds if takes_together => {
                    together.add(Half::Botmatic, args, &mut commands);
                    continue;
                }
                _ => {}
            }
            if !together.is_empty() {
                together.write(&mut commands);
            }
            if operation == Operation::ListIds {
                pages.push(Page::write(args, self.keyspace(), names, &mut commands));
            } else {
                write(operation, args, names, &mut commands);
            }
        }
        together.write(&mut commands);
        self.in_flight += 1;
        self.pages.push_back(pages);
        match &mut self.connections {
            Connections::Single(connection) => connection.pipeline.send(commands),
            Connections::Cluster(cluster) => cluster.send(&commands),
        }
    }

    fn step(&mut self, deletion: &mut Deletion) -> Result<(), Error> {
        let keyspace = self.keyspace();
        let server = &self.settings.server;
        let step = deletion.next(&self.settings.names, keyspace, server)?;
        self.in_flight += 1;
        self.pages.push_back(Vec::new());
        match (&mut self.connections, step) {
            (Connections::Cluster(cluster), step) => cluster.step(&step),
            (Connections::Single(connection), Sends::Commands(commands, _)) => {
                connection.pipeline.send(commands);
            }
            (Connections::Single(_), Sends::Topology(_)) => unreachable!("of a cluster only"),
        }
        Ok(())
    }

    fn is_new_to(&self, deletion: &Deletion) -> bool {
        deletion.is_at_start(self.number)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Answers, End>> {
        let received = match &mut self.connections {
            Connections::Single(connection) => ready!(connection.pipeline.poll(context))
                .map(Received::replies)
                .map_err(|error| (broken(&self.settings.server, &error), error)),
            Connections::Cluster(cluster) => ready!(cluster.poll(context)),
        };
        Poll::Ready(match received {
            Ok(received) => {
                self.in_flight -= 1;
                if self.is_trying && self.in_flight == 0 {
                    self.tried();
                }
                Ok(self.answers(received))
            }
            Err((error, cause)) => {
                use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
                let is_hang_up =
                    matches!(cause.kind(), BrokenPipe | ConnectionReset | UnexpectedEof);
                if is_hang_up
                    && self.is_trying
                    && let Connections::Single(connection) = &self.connections
                    && connection.pipeline.owes_shared()
                {
                    // Perhaps for the command: it is done without.
                    self.dialect.learn(Feature::Together);
                }
                Err(End { error, is_hang_up })
            }
        })
    }

    fn stay(&mut self) {
        if let Connections::Cluster(cluster) = &mut self.connections {
            cluster.stay();
        }
    }

    fn unsent(&self) -> usize {
        match &self.connections {
            Connections::Single(connection) => connection.pipeline.unsent(),
            Connections::Cluster(cluster) => cluster.unsent(),
        }
    }

    fn end(mut self) -> VecDeque<Answers> {
        let known: Vec<Received> = match &mut self.connections {
            Connections::Single(connection) => connection
                .pipeline
                .take_known()
                .map(Received::from)
                .collect(),
            Connections::Cluster(cluster) => cluster.take_known(),
        };
        known
            .into_iter()
            .map(|received| self.answers(received))
            .collect()
    }
}
