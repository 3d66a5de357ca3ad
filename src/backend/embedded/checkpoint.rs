//! A checkpoint: what the memtable has goes into the tables, in commits of a bounded size.
//!
//! A crash in the middle leaves some of it there. The log still has all of it then, and doing it once
//! more comes to the same: rows that were written before the crash after a deletion are forgotten with it
//! and written again.

use super::memtable::{Integration, Memtable};
use super::row::Row;
use super::snapshot::Snapshot;
use super::tables::{ROWS_A_COMMIT, Tables};
use super::trouble::Trouble;
use crate::key::Half;

/// Writes all of `memtable` into `tables`; with the last commit they name `salt` as the log's. `show` is
/// given the tables after each commit.
pub(super) fn checkpoint(
    tables: &Tables,
    memtable: &Memtable,
    salt: u64,
    mut show: impl FnMut(Snapshot),
) -> Result<(), Trouble> {
    let mut transaction = tables.begin()?;
    let mut rows_written = 0;
    for (stem, integration) in memtable.integrations() {
        let mut writable = transaction.tables()?;
        if integration.is_deleted {
            writable.forget(stem)?;
        }
        let number = match integration.is_empty() {
            true => continue,
            false => writable.number(stem)?,
        };
        let rows = rows(number, integration);
        let mut rest = &*rows;
        while !rest.is_empty() {
            if rows_written >= ROWS_A_COMMIT {
                drop(writable);
                transaction.commit(false)?;
                show(tables.snapshot()?);
                transaction = tables.begin()?;
                writable = transaction.tables()?;
                rows_written = 0;
            }
            let slice;
            (slice, rest) = rest.split_at(rest.len().min(ROWS_A_COMMIT - rows_written));
            let mut pairs = 0;
            for row in slice {
                pairs += writable.set(row)?;
            }
            writable.add_pairs(stem, pairs)?;
            rows_written += slice.len();
        }
    }
    transaction.tables()?.set_salt(salt)?;
    transaction.commit(true)?;
    show(tables.snapshot()?);
    Ok(())
}

/// The rows of an integration, in the order in which they stand in the table: neighbours share pages.
fn rows(number: u64, integration: &Integration) -> Vec<Row> {
    let of = |half| {
        let changed = integration.half(half).iter();
        changed.map(move |(id, other)| Row::new(number, half, id, other.as_deref()))
    };
    let mut rows: Vec<Row> = of(Half::Botmatic).chain(of(Half::External)).collect();
    rows.sort_unstable_by(|one, other| one.key().cmp(other.key()));
    rows
}
