//! A walk that was interrupted: whether it goes on where it was, and what it does without what the server
//! hangs up on.

use std::collections::HashSet;
use std::mem;

use redis::Value;

use super::page::Trouble;
use super::{Deletion, Keyspace, Walk};
use crate::backend::redis::dialect::{Dialect, Feature, is_lacking};
use crate::backend::redis::run::Run;

/// So often in a row a server must hang up on a command before it is taken to lack it: by chance that is
/// rare, and costs no more than another way.
const ENOUGH: u8 = 3;

impl Walk {
    /// Whether it may go on over another session, when that turns out to be to the same servers.
    pub(super) fn may_go_on(&self, keyspace: &Keyspace) -> bool {
        let is_known = match &self.topology {
            Some(topology) => keyspace.is_cluster && topology.outlives_sessions(),
            None => !keyspace.is_cluster && self.run.is_some(),
        };
        is_known && self.nodes == keyspace.nodes && !keyspace.lacks.has(Feature::Info)
    }
}

impl Deletion {
    /// Whether it may be asked which run of the server it is. A user with few rights leaves a line in the
    /// ACL log by that, so only once it would have been of use.
    pub(super) fn may_ask_run(&self) -> bool {
        let is_of_use = !self.has_named_user || self.was_interrupted;
        is_of_use && !self.lacks.has(Feature::Info)
    }

    /// Whether the next step asks it: after the first page, when more are to come.
    pub(super) fn asks_run(&self) -> bool {
        let Walk {
            cursor,
            has_asked_run,
            topology,
            ..
        } = &self.walk;
        let is_under_way = !matches!(cursor, None | Some(0));
        topology.is_none() && is_under_way && !has_asked_run && self.may_ask_run()
    }

    /// Reads which run it is.
    pub(super) fn read_run(
        reply: &mut impl FnMut() -> Result<Value, Trouble>,
        dialect: &Dialect,
    ) -> Result<Option<Run>, Trouble> {
        let mut replies = [(); Run::QUESTIONS].map(|()| Value::Nil);
        for place in &mut replies {
            *place = match reply() {
                Err(Trouble::Reply(error)) => {
                    if is_lacking(&error) {
                        dialect.learn(Feature::Info);
                    }
                    Value::Nil
                }
                reply => reply?,
            };
        }
        Ok(Run::read(&replies))
    }

    /// Goes on when it is the same run, else starts over.
    pub(super) fn compare_run(
        &mut self,
        reply: &mut impl FnMut() -> Result<Value, Trouble>,
        dialect: &Dialect,
    ) -> Result<(), Trouble> {
        let run = Deletion::read_run(reply, dialect)?;
        if run.is_some() && run == self.walk.run {
            self.go_on();
        } else {
            self.start_over(self.walk.nodes, false);
            self.walk.run = run;
            self.walk.has_asked_run = true;
        }
        Ok(())
    }

    /// The step that was interrupted is taken again. It may have been carried out, and others may have
    /// saved since: so what it deleted is looked at anew.
    pub(super) fn go_on(&mut self) {
        self.walk.is_interrupted = false;
        let page = mem::take(&mut self.walk.page);
        let confirmed: HashSet<&Vec<u8>> = self.confirmed.iter().map(|(key, _)| key).collect();
        let doomed = page.doomed.into_iter();
        let doubts = page.doubts.into_iter().map(|doubt| doubt.key);
        let again = doomed.chain(doubts);
        let again = again.filter(|key| !confirmed.contains(key));
        self.walk.page.found = page.found;
        self.walk.page.found.extend(again);
        self.walk.page.unread = page.unread;
        self.walk.page.rechecks.clone_from(&self.confirmed);
    }

    /// The server hung up when it had answered so many commands of the step: perhaps for the next one.
    pub(in crate::backend::redis) fn hung_up(&mut self, answered: usize, dialect: &Dialect) {
        let Some(&feature) = self.asked.get(answered) else {
            return;
        };
        let times = match self.suspect {
            Some((suspect, times)) if suspect == feature => times + 1,
            _ => 1,
        };
        self.suspect = Some((feature, times));
        if times >= ENOUGH {
            dialect.learn(feature);
            self.suspect = None;
        }
    }

    /// The step was answered: what it asked is not what the server hangs up on.
    pub(super) fn acquit(&mut self) {
        let asked = &self.asked;
        self.suspect.take_if(|(feature, _)| asked.contains(feature));
    }
}
