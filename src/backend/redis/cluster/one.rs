//! The one server that a client knows, where it takes no command over several keys.

use std::collections::VecDeque;
use std::sync::Arc;

use redis::Value;

use super::Cluster;
use super::nodes::Node;
use crate::backend::ConnectError;
use crate::backend::redis::connection::{Connection, broken};
use crate::backend::redis::dialect::{Dialect, Feature};
use crate::backend::redis::kept::Kept;
use crate::backend::redis::login::Greeting;
use crate::backend::redis::slots::Slots;
use crate::error::{Error, ReplyKind};
use crate::settings::{Address, Endpoint, NatMap, Settings};

impl Cluster {
    /// One server that takes no command over several keys: one in cluster mode, or a proxy. Fails when
    /// it is one node of several with slots, which the client that it is made from does not reach.
    pub(in crate::backend::redis) async fn of_one(
        settings: &Arc<Settings>,
        mut connection: Connection,
        kept: &Arc<Kept>,
        dialect: Arc<Dialect>,
    ) -> Result<Cluster, ConnectError> {
        let address = match &settings.endpoint {
            Endpoint::Tcp { address, .. } => address.clone(),
            _ => Address {
                host: settings.server.to_string(),
                port: 0,
            },
        };
        let nat_map = NatMap::default();
        let Greeting {
            is_cluster,
            is_master,
        } = connection.greeting;
        // One that has told that it is in no cluster is not asked, nor is one that would hang up.
        let is_alone = is_master.is_some() && !is_cluster;
        let slots = match is_alone || dialect.lacks().has(Feature::Refusals) {
            true => None,
            false => slots(settings, &mut connection, &address, &nat_map).await?,
        };
        Ok(Cluster {
            settings: settings.clone(),
            kept: kept.clone(),
            splits: slots.is_none(),
            slots: slots.unwrap_or_else(Slots::none),
            nodes: vec![Node::new(address, settings.server.clone(), connection)],
            nat_map,
            is_one: true,
            dialect,
            in_flight: VecDeque::new(),
            first: 0,
            follows_from: 0,
        })
    }
}

/// The slots of a server that `address` reaches, `None` when it is in no cluster, or does not tell. Fails
/// when others hold some of them.
async fn slots(
    settings: &Settings,
    connection: &mut Connection,
    address: &Address,
    nat_map: &NatMap,
) -> Result<Option<Slots>, ConnectError> {
    let server = &settings.server;
    let reply = connection
        .ask(&settings.names.cluster, &[b"SLOTS"])
        .await
        .map_err(|error| ConnectError::transient(broken(server, &error)))?;
    if let Value::ServerError(_) = reply {
        return Ok(None);
    }
    let slots = Slots::parse(&reply, address, nat_map);
    match slots.as_ref().map_or(0, |slots| slots.masters.len()) {
        0 if slots.is_some() => Err(ConnectError::transient(Error::Unreachable {
            server: server.clone(),
            reason: "its cluster has no slots".into(),
        })),
        0 | 1 => Ok(slots),
        masters => Err(ConnectError::lasting(Error::Reply {
            server: server.clone(),
            kind: ReplyKind::Moved,
            reply: Arc::from(format!("that {masters} masters share the slots")),
        })),
    }
}
