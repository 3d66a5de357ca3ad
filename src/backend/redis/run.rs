//! Which run of which server it is that answers: as long as that is the same, so is the meaning of a
//! cursor.

use redis::Value;

use super::commands::Commands;
use crate::settings::Names;

/// A run of a server's process, and the line of its data: a server that follows another one for a while
/// has other data afterwards, though the process is the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Run {
    process: String,
    data: String,
}

impl Run {
    /// How many replies tell it.
    pub(super) const QUESTIONS: usize = 2;

    /// Adds what asks for it.
    pub(super) fn ask(names: &Names, commands: &mut Commands) {
        for section in ["server", "replication"] {
            commands.add(&names.info, &[section]);
        }
    }

    /// Reads it out of a reply that has both sections.
    pub(super) fn of_info(info: &Value) -> Option<Run> {
        Some(Run {
            process: field(info, "run_id:")?,
            data: field(info, "master_replid:")?,
        })
    }

    /// Reads the replies; `None` when they do not tell.
    pub(super) fn read(replies: &[Value; Run::QUESTIONS]) -> Option<Run> {
        let [server, replication] = replies;
        Some(Run {
            process: field(server, "run_id:")?,
            data: field(replication, "master_replid:")?,
        })
    }
}

fn field(info: &Value, name: &str) -> Option<String> {
    let Value::BulkString(text) = info else {
        return None;
    };
    let text = String::from_utf8_lossy(text);
    let mut fields = text.lines().filter_map(|line| line.strip_prefix(name));
    fields.next().map(str::to_owned)
}
