//! What the nodes of a cluster are asked of themselves.

use redis::Value;

use super::Told;
use crate::backend::redis::commands::{Commands, Target};
use crate::backend::redis::dialect::{Dialect, Feature, Lacks, is_lacking};
use crate::backend::redis::run::Run;
use crate::settings::{Address, Names};

/// What each node is asked, besides `CLUSTER SLOTS`.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::redis) struct Questions {
    nodes: bool,
    run: bool,
}

impl Questions {
    /// All that servers which lack so much may be asked; which run they are when that is `wanted`.
    pub(in crate::backend::redis) fn new(lacks: Lacks, is_run_wanted: bool) -> Questions {
        Questions {
            nodes: !lacks.has(Feature::Nodes),
            run: is_run_wanted && !lacks.has(Feature::Info),
        }
    }

    /// All of them as one command that goes to each node.
    pub(in crate::backend::redis) fn as_one(self, names: &Names) -> Commands {
        let mut commands = Commands::one(&names.cluster, &[b"NODES"]);
        commands.to(Target::Topology(self));
        commands
    }

    /// What is sent to a node, one by one.
    pub(in crate::backend::redis) fn commands(self, names: &Names) -> Vec<Commands> {
        let mut commands = Commands::default();
        if self.nodes {
            commands.add(&names.cluster, &["NODES"]);
        }
        commands.add(&names.cluster, &["SLOTS"]);
        if self.run {
            Run::ask(names, &mut commands);
        }
        commands.iter().map(|command| (&command).into()).collect()
    }

    /// What a node told, by its replies.
    pub(in crate::backend::redis) fn told<'a>(
        self,
        address: &'a Address,
        reply: &mut impl FnMut() -> Value,
        dialect: &Dialect,
    ) -> Told<'a> {
        let mut asked = |is_asked: bool, feature: Feature| {
            let reply = if is_asked { reply() } else { Value::Nil };
            if let Value::ServerError(error) = &reply
                && is_lacking(error)
            {
                dialect.learn(feature);
            }
            reply
        };
        let nodes = asked(self.nodes, Feature::Nodes);
        let slots = asked(true, Feature::Pairs);
        let run = [(); Run::QUESTIONS].map(|()| asked(self.run, Feature::Info));
        Told {
            address,
            nodes,
            slots,
            run: Run::read(&run),
        }
    }
}
