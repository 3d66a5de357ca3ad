//! The master that sentinels name, found anew for each connection.

use std::sync::Arc;

use redis::Value;
use tokio::time::Instant;

use super::connection::{Connection, broken};
use super::target::{Place, Refusal, Target};
use super::traffic::Traffic;
use crate::error::{Error, reply_text};
use crate::options::{Address, Names, Sentinel, Settings};

/// Connects to the master, by `end`.
pub async fn open(
    settings: &Settings,
    sentinel: &Sentinel,
    traffic: &Arc<Traffic>,
    end: Instant,
) -> Result<Connection, Refusal> {
    let master = find(settings, sentinel, traffic, end).await?;
    let server: Arc<str> = format!("{master} ({})", settings.server).into();
    let target = Target::of(settings, Place::Tcp(&master, None), server.clone(), traffic);
    let connection = Connection::open(&target, end).await?;
    check_role(&connection, &settings.names, &server).await?;
    Ok(connection)
}

/// Asks the sentinels in turn.
async fn find(
    settings: &Settings,
    sentinel: &Sentinel,
    traffic: &Arc<Traffic>,
    end: Instant,
) -> Result<Address, Refusal> {
    let mut refusal = Refusal::passing(Error::Unreachable {
        server: settings.server.clone(),
        reason: "no sentinel is known".into(),
    });
    for (asked, node) in sentinel.nodes.iter().enumerate() {
        // A share each, so that one that keeps silent leaves time for the next.
        let left = end.saturating_duration_since(Instant::now());
        let share = left / (sentinel.nodes.len() - asked + 1) as u32;
        match ask(settings, sentinel, node, traffic, Instant::now() + share).await {
            Ok(master) => return Ok(sentinel.nat_map.reach(master)),
            Err(of_this) => refusal = of_this,
        }
    }
    Err(refusal)
}

async fn ask(
    settings: &Settings,
    sentinel: &Sentinel,
    node: &Address,
    traffic: &Arc<Traffic>,
    end: Instant,
) -> Result<Address, Refusal> {
    let server: Arc<str> = format!("sentinel {node}").into();
    let connection = Connection::open(
        &Target {
            place: Place::Tcp(node, None),
            server: server.clone(),
            tls: sentinel.tls.as_ref(),
            username: sentinel.username.as_deref(),
            password: sentinel.password.as_deref(),
            db: 0,
            fallback_db: None,
            names: &settings.names,
            connect_timeout: settings.connect_timeout,
            traffic,
        },
        end,
    )
    .await?;
    let question: [&[u8]; 2] = [b"GET-MASTER-ADDR-BY-NAME", sentinel.master.as_bytes()];
    let reply = connection
        .wire()
        .ask("SENTINEL", &question)
        .await
        .map_err(|error| Refusal::passing(broken(&server, &error)))?;
    let reason = match reply {
        Value::ServerError(error) => reply_text(&error),
        reply => match redis::from_redis_value::<Option<(String, u16)>>(reply) {
            Ok(Some((host, port))) => return Ok(Address { host, port }),
            _ => format!("it knows no master \"{}\"", sentinel.master).into(),
        },
    };
    Err(Refusal::passing(Error::Unreachable { server, reason }))
}

/// A master that was just demoted may still be named. A user who may not ask is let through.
async fn check_role(
    connection: &Connection,
    names: &Names,
    server: &Arc<str>,
) -> Result<(), Refusal> {
    let reply = connection
        .wire()
        .ask(&names.role, &[])
        .await
        .map_err(|error| Refusal::passing(broken(server, &error)))?;
    let Value::Array(parts) = reply else {
        return Ok(());
    };
    match parts.into_iter().next() {
        Some(Value::BulkString(role)) if role != b"master" => {
            Err(Refusal::passing(Error::Unreachable {
                server: server.clone(),
                reason: "it is a replica, though the sentinels name it as master".into(),
            }))
        }
        _ => Ok(()),
    }
}
