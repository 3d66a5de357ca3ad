//! The master that sentinels name, found anew for each connection.

use std::sync::Arc;

use redis::Value;
use tokio::time::{Instant, timeout_at};

use super::connection::{Connection, broken};
use super::dialect::{Dialect, Feature, is_lacking};
use super::in_turn::in_turn;
use super::kept::Kept;
use super::server::{Place, Server, late};
use crate::backend::ConnectError;
use crate::error::{Error, reply_text};
use crate::settings::{Address, Sentinel, Settings};

/// Connects by `end` to the master that a sentinel names: to that which the first one names, unless
/// it is none or out of reach. A sentinel may be behind.
pub(super) async fn open(
    settings: &Settings,
    sentinel: &Sentinel,
    kept: &Arc<Kept>,
    end: Instant,
) -> Result<Connection, ConnectError> {
    let late = |node: &&Address| {
        late(
            &name(node),
            sentinel.tls.is_some(),
            settings.connect_timeout,
        )
    };
    let nodes = sentinel.nodes.iter();
    let opened = in_turn(nodes, end, late, |node, end| async move {
        let master = ask(settings, sentinel, node, kept, end).await;
        // Where one refuses the login, another may not.
        let master = master.map_err(|refusal| ConnectError::transient(refusal.error))?;
        let master = sentinel.nat_map.reach(master);
        let server: Arc<str> = format!("{master} ({})", settings.server).into();
        let server = Server::of(settings, Place::Tcp(&master, None), server, kept);
        let mut connection = Connection::open(&server, end).await?;
        let role = check_role(&mut connection, &server);
        let role = timeout_at(end, role).await;
        role.unwrap_or_else(|_| Err(ConnectError::transient(server.late())))?;
        Ok(connection)
    });
    opened.await.map_err(|refusal| ConnectError {
        is_final: refusal.is_final || matches!(refusal.error, Error::Auth { .. }),
        ..refusal
    })
}

fn name(node: &Address) -> Arc<str> {
    format!("sentinel {node}").into()
}

async fn ask(
    settings: &Settings,
    sentinel: &Sentinel,
    node: &Address,
    kept: &Arc<Kept>,
    end: Instant,
) -> Result<Address, ConnectError> {
    let server = name(node);
    let asked = Server {
        place: Place::Tcp(node, None),
        name: server.clone(),
        dialect: Dialect::of(&server, sentinel.username.as_deref()),
        tls: sentinel.tls.as_ref(),
        username: sentinel.username.as_deref(),
        password: sentinel.password.as_deref(),
        db: 0,
        fallback_db: None,
        names: &settings.names,
        connect_timeout: settings.connect_timeout,
        response_timeout: settings.response_timeout,
        kept,
    };
    let mut connection = Connection::open(&asked, end).await?;
    let question: [&[u8]; 2] = [b"GET-MASTER-ADDR-BY-NAME", sentinel.master.as_bytes()];
    let reply = connection
        .ask("SENTINEL", &question)
        .await
        .map_err(|error| ConnectError::transient(broken(&server, &error)))?;
    let reason = match reply {
        Value::ServerError(error) => reply_text(&error),
        reply => match redis::from_redis_value::<Option<(String, u16)>>(reply) {
            Ok(Some((host, port))) => return Ok(Address { host, port }),
            _ => format!("it knows no master \"{}\"", sentinel.master).into(),
        },
    };
    Err(ConnectError::transient(Error::Unreachable {
        server,
        reason,
    }))
}

/// A master that was just demoted may still be named. A user who may not ask is let through.
async fn check_role(connection: &mut Connection, server: &Server<'_>) -> Result<(), ConnectError> {
    let dialect = &server.dialect;
    let is_master = match connection.greeting.is_master {
        Some(is_master) => is_master,
        None if dialect.lacks().has(Feature::Role) => true,
        None => ask_role(connection, server).await?,
    };
    match is_master {
        true => Ok(()),
        false => Err(ConnectError::transient(Error::Unreachable {
            server: server.name.clone(),
            reason: "it is a replica, though the sentinels name it as master".into(),
        })),
    }
}

async fn ask_role(connection: &mut Connection, server: &Server<'_>) -> Result<bool, ConnectError> {
    let reply = connection
        .ask(&server.names.role, &[])
        .await
        .map_err(|error| ConnectError::transient(broken(&server.name, &error)))?;
    Ok(match reply {
        Value::Array(parts) => match parts.into_iter().next() {
            Some(Value::BulkString(role)) => role == b"master",
            _ => true,
        },
        Value::ServerError(error) if is_lacking(&error) => {
            server.dialect.learn(Feature::Role);
            true
        }
        _ => true,
    })
}
