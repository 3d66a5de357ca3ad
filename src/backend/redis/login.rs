//! What is sent first on a connection, in one go, and what its replies tell.
//!
//! Only `AUTH` and `SELECT` are needed, by those who have a password or another database. The rest makes
//! life easier: a name, the fence, whether the server is ready, whether it is a node of a cluster. What
//! the server lacks of it is left out. A user with a name may have few rights, and each question that
//! is refused leaves a line in the server's ACL log: it is asked nothing but `HELLO`, which every user may
//! send. Whether the server is ready its calls find out.

mod checks;

use std::io;

use redis::{ServerError, Value};

use super::commands::Commands;
use super::connection::broken;
use super::dialect::{Dialect, Feature, Lacks, is_lacking};
use super::eviction;
use super::fence::Client;
use super::pipeline::Known;
use super::replies::Reply;
use super::server::Server;
use crate::backend::ConnectError;
use checks::{check_auth, check_service, check_time};

/// How connections are named in the server's `CLIENT LIST`.
const CLIENT_NAME: &str = env!("CARGO_PKG_NAME");

/// What a server told of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Greeting {
    /// Whether it is in cluster mode.
    pub is_cluster: bool,
    /// Whether it is a master, when it told.
    pub is_master: Option<bool>,
}

/// Why a connection is of no use.
pub(super) struct Refusal {
    pub error: ConnectError,
    /// What the server hung up on, when it may have been for that.
    pub hung_up_on: Option<Feature>,
}

impl From<ConnectError> for Refusal {
    fn from(error: ConnectError) -> Refusal {
        Refusal {
            error,
            hung_up_on: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Auth,
    Select,
    /// Gives the connection its name, and tells of the server.
    Hello,
    /// Gives the name to a server without `HELLO`.
    Name,
    Info,
    /// Tells how the server evicts.
    Memory,
    /// Ends the connection before.
    Kill,
    Ping,
    /// A lookup, where nothing else would show that the server is there.
    Probe,
}

impl Step {
    fn feature(self) -> Option<Feature> {
        match self {
            Step::Auth | Step::Probe => None,
            Step::Select => Some(Feature::Select),
            Step::Name => Some(Feature::Name),
            Step::Kill | Step::Info => Some(Feature::Client),
            Step::Memory => Some(Feature::Info),
            Step::Hello => Some(Feature::Hello),
            Step::Ping => Some(Feature::Ping),
        }
    }
}

/// A login to one server.
pub(super) struct Login<'a> {
    server: &'a Server<'a>,
    lacks: Lacks,
    last: Option<Client>,
    steps: Vec<Step>,
}

/// What the replies to a login tell.
#[derive(Default)]
pub(super) struct Read {
    pub greeting: Greeting,
    /// The refusal of the database.
    pub no_database: Option<ServerError>,
    named: Option<Client>,
    id: Option<String>,
}

impl Read {
    /// How the server names the connection, when that is known: at best as it says itself. Else it is
    /// taken to see the connection's own address.
    pub(super) fn client(&mut self, address: Option<String>) -> Option<Client> {
        let own = self.id.take().zip(address);
        let own = own.map(|(id, address)| Client { id, address });
        self.named.take().or(own)
    }
}

impl<'a> Login<'a> {
    /// A login without what the server lacks.
    pub(super) fn new(server: &'a Server<'a>, lacks: Lacks) -> Login<'a> {
        let has_name = server.username.is_some();
        let last = server.kept.predecessors.of(&server.name);
        let last = last.filter(|_| !lacks.has(Feature::Client));
        let wanted = [
            (Step::Auth, server.password.is_some()),
            (Step::Select, server.db != 0),
            (Step::Hello, true),
            (Step::Name, !has_name && lacks.has(Feature::Hello)),
            // A user that may end connections may ask about them.
            (Step::Info, !has_name || last.is_some()),
            (Step::Kill, last.is_some()),
            (Step::Memory, !has_name && !eviction::is_known(server)),
            (Step::Ping, !has_name),
        ];
        let is_lacking = |step: Step| step.feature().is_some_and(|feature| lacks.has(feature));
        let wanted = wanted.into_iter().filter(|(_, is_wanted)| *is_wanted);
        let steps = wanted.map(|(step, _)| step);
        let mut steps: Vec<Step> = steps.filter(|step| !is_lacking(*step)).collect();
        if steps.is_empty() {
            steps.push(Step::Probe);
        }
        Login {
            server,
            lacks,
            last,
            steps,
        }
    }

    /// The rest of a login to a server that turned out to have no `HELLO`: its connections have a name, too.
    pub(super) fn rest(&self) -> Option<Commands> {
        let asked = self.steps.contains(&Step::Hello) && self.server.username.is_none();
        let has_none = self.server.dialect.lacks().has(Feature::Hello);
        let is_wanted = asked && has_none && !self.lacks.has(Feature::Name);
        let name: [&[u8]; 2] = [b"SETNAME", CLIENT_NAME.as_bytes()];
        is_wanted.then(|| Commands::one(&self.server.names.client, &name))
    }

    /// What is sent.
    pub(super) fn commands(&self) -> Commands {
        let (server, names) = (self.server, self.server.names);
        let mut commands = Commands::default();
        for step in &self.steps {
            match step {
                Step::Auth => {
                    let words: Vec<&str> =
                        server.username.into_iter().chain(server.password).collect();
                    commands.add(&names.auth, &words);
                }
                Step::Select => commands.add(&names.select, &[server.db.to_string()]),
                Step::Name => commands.add(&names.client, &["SETNAME", CLIENT_NAME]),
                Step::Info => commands.add(&names.client, &["INFO"]),
                // What the network still holds of the last connection must not arrive after what goes
                // over this one: it goes again here, and a late first copy would undo what was called
                // after it.
                Step::Kill => {
                    if let Some(Client { id, address }) = &self.last {
                        commands.add(&names.client, &["KILL", "ID", id, "ADDR", address]);
                    }
                }
                Step::Memory => commands.add(&names.info, &["memory"]),
                Step::Hello => commands.add(&names.hello, &["2", "SETNAME", CLIENT_NAME]),
                Step::Ping => commands.add::<&str>(&names.ping, &[]),
                Step::Probe => commands.add(&names.get, &[CLIENT_NAME]),
            }
        }
        commands
    }

    /// Reads the replies, as far as they came.
    pub(super) fn read(&self, replies: Vec<Reply>) -> Result<Read, ConnectError> {
        let (server, dialect) = (self.server, &self.server.dialect);
        let mut read = Read::default();
        for (step, reply) in self.steps.iter().zip(replies) {
            let reply = reply.into_value();
            // The fence was refused by it too, and is kept.
            check_time(&server.name, &reply)?;
            match step {
                Step::Auth => check_auth(&server.name, &reply)?,
                Step::Name | Step::Hello | Step::Ping | Step::Probe => {
                    check_service(&server.name, &reply)?;
                }
                Step::Select | Step::Info | Step::Memory | Step::Kill => {}
            }
            if *step != Step::Select {
                note(dialect, *step, &reply);
            }
            match (step, reply) {
                // It is gone, or this user may not end it.
                (Step::Kill, _) => server.kept.predecessors.forget(&server.name),
                (Step::Select, Value::ServerError(error)) => read.no_database = Some(error),
                (Step::Info, Value::BulkString(info)) => {
                    read.named = Client::parse(&String::from_utf8_lossy(&info));
                }
                (Step::Memory, Value::BulkString(info)) => {
                    eviction::read(server, &String::from_utf8_lossy(&info));
                }
                (Step::Hello, Value::Array(words)) => read.hello(&words),
                _ => {}
            }
        }
        Ok(read)
    }

    /// Why a server hung up during the login: one that has no room for a client, or wants none from
    /// this machine, says so first.
    pub(super) fn hung_up(&self, error: &io::Error, known: impl Iterator<Item = Known>) -> Refusal {
        let replies: Vec<Reply> = known
            .flat_map(|known| match known {
                Known::Replies(replies) => replies,
                Known::Unsent => vec![],
            })
            .collect();
        let came = replies.len();
        if let Err(error) = self.read(replies) {
            return error.into();
        }
        let left = &self.steps[came.min(self.steps.len())..];
        // Who answered CLIENT INFO knows CLIENT KILL: that is no reason to go without the fence.
        if left.first() == Some(&Step::Kill) {
            return self.suspect(error, None);
        }
        self.suspect(error, left.iter().filter_map(|step| step.feature()))
    }

    /// A connection has ended, perhaps for one of what was asked and is not known to be taken.
    pub(super) fn suspect(
        &self,
        error: &io::Error,
        asked: impl IntoIterator<Item = Feature>,
    ) -> Refusal {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        let asked = asked.into_iter();
        let suspects = asked.filter(|feature| !self.server.dialect.takes(*feature));
        // The first of them; SELECT, which is needed, last of all.
        let feature = suspects.min_by_key(|feature| *feature == Feature::Select);
        let is_hang_up = matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof);
        Refusal {
            error: ConnectError::transient(broken(&self.server.name, error)),
            hung_up_on: feature.filter(|_| is_hang_up),
        }
    }
}

impl Read {
    /// `server redis version 7.0.15 … id 7 mode cluster role master …`
    fn hello(&mut self, words: &[Value]) {
        let text = |value: &Value| match value {
            Value::BulkString(text) => String::from_utf8_lossy(text).into_owned(),
            Value::SimpleString(text) => text.clone(),
            Value::Int(number) => number.to_string(),
            _ => String::new(),
        };
        for pair in words.chunks_exact(2) {
            let value = text(&pair[1]);
            match text(&pair[0]).as_str() {
                "id" => self.id = Some(value),
                "mode" => self.greeting.is_cluster = value == "cluster",
                "role" => self.greeting.is_master = Some(value == "master"),
                _ => {}
            }
        }
    }
}

/// Notes what is answered, and what is refused for good.
fn note(dialect: &Dialect, step: Step, reply: &Value) {
    let Some(feature) = step.feature() else {
        return;
    };
    match reply {
        Value::ServerError(error) if is_lacking(error) => dialect.learn(feature),
        _ => dialect.saw(feature),
    }
}
