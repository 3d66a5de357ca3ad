//! The tables of a file: where pairs are, but for what changed since the last checkpoint.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | `version`, `log`, `next` | the format, the log's salt (0: there is none), the next number |
//! | `integrations` | stem | its number, how many pairs it has |
//! | `rows` | number, half, id | the other id |
//! | `garbage` | number | nothing: the rows of that number are of no integration any more |
//!
//! So a stem is there once, and all keys of an integration stand side by side.

use redb::{
    Database, ReadableDatabase, ReadableTable, Table, TableDefinition, TableHandle,
    WriteTransaction,
};

use super::disk::Disk;
use super::row::{Row, bounds};
use super::snapshot::Snapshot;
use super::trouble::{Trouble, reading};
use crate::key::Half;

/// The format that this version reads and writes.
pub(super) const VERSION: u64 = 1;

/// How many rows one commit writes or removes at most: what it writes anew cannot be used again before it
/// is done, so that the file would grow by it.
pub(super) const ROWS_A_COMMIT: usize = if cfg!(test) { 8 } else { 4096 };

/// A stem's number, and how many pairs it has.
pub(super) type Numbered = (u64, u64);

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
pub(super) const INTEGRATIONS: TableDefinition<'_, &[u8], Numbered> =
    TableDefinition::new("integrations");
pub(super) const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
const GARBAGE: TableDefinition<'_, u64, ()> = TableDefinition::new("garbage");

/// The tables of an open file.
pub(super) struct Tables(Database);

/// What is written in one go.
pub(super) struct Transaction(WriteTransaction);

/// The tables of a transaction.
pub(super) struct Writable<'t> {
    meta: Table<'t, &'static str, u64>,
    integrations: Table<'t, &'static [u8], Numbered>,
    rows: Table<'t, &'static [u8], &'static [u8]>,
    garbage: Table<'t, u64, ()>,
}

impl Tables {
    /// Opens the tables; makes them where there is nothing. `cache` is in bytes.
    pub(super) fn open(disk: &dyn Disk, cache: usize) -> Result<Tables, Trouble> {
        let tables = Tables(reading(|| disk.database(cache))?);
        if reading(|| is_new(&tables.0))? {
            let transaction = tables.begin()?;
            transaction.tables()?.meta.insert("version", VERSION)?;
            transaction.commit(false)?;
        }
        Ok(tables)
    }

    /// The salt of the log, 0 when there is no log.
    pub(super) fn salt(&self) -> Result<u64, Trouble> {
        let meta = self.0.begin_read()?.open_table(META)?;
        Ok(meta.get("log")?.map_or(0, |salt| salt.value()))
    }

    /// The tables as they are now.
    pub(super) fn snapshot(&self) -> Result<Snapshot, Trouble> {
        Snapshot::new(&self.0.begin_read()?)
    }

    /// Begins to write.
    pub(super) fn begin(&self) -> Result<Transaction, Trouble> {
        Ok(Transaction(self.0.begin_write()?))
    }
}

/// Whether a database holds nothing yet. Refuses what is not this module's, or of a later version.
pub(super) fn is_new(database: &impl ReadableDatabase) -> Result<bool, Trouble> {
    let transaction = database.begin_read()?;
    let tables: Vec<_> = transaction.list_tables()?.collect();
    if tables.is_empty() {
        return Ok(true);
    }
    if tables.iter().all(|table| table.name() != META.name()) {
        return Err(Trouble::Foreign);
    }
    let meta = transaction.open_table(META).map_err(|_| Trouble::Foreign)?;
    match meta.get("version")?.map(|version| version.value()) {
        Some(VERSION) => Ok(false),
        Some(version) => Err(Trouble::Newer(version)),
        None => Err(Trouble::Foreign),
    }
}

impl Transaction {
    /// The tables, to be dropped before the transaction is committed.
    pub(super) fn tables(&self) -> Result<Writable<'_>, Trouble> {
        Ok(Writable {
            meta: self.0.open_table(META)?,
            integrations: self.0.open_table(INTEGRATIONS)?,
            rows: self.0.open_table(ROWS)?,
            garbage: self.0.open_table(GARBAGE)?,
        })
    }

    /// Puts all of it on the disk. After a crash, a file whose last commit `is_quick_to_open` need not be
    /// read through; such a commit takes longer.
    pub(super) fn commit(mut self, is_quick_to_open: bool) -> Result<(), Trouble> {
        self.0.set_quick_repair(is_quick_to_open);
        Ok(self.0.commit()?)
    }
}

impl Writable<'_> {
    /// Names the salt of the log, 0 for none.
    pub(super) fn set_salt(&mut self, salt: u64) -> Result<(), Trouble> {
        self.meta.insert("log", salt)?;
        Ok(())
    }

    /// The number of a stem, a new one for a new stem.
    pub(super) fn number(&mut self, stem: &[u8]) -> Result<u64, Trouble> {
        if let Some(found) = self.integrations.get(stem)? {
            return Ok(found.value().0);
        }
        let number = self.meta.get("next")?.map_or(0, |next| next.value());
        self.meta.insert("next", number + 1)?;
        self.integrations.insert(stem, (number, 0))?;
        Ok(number)
    }

    /// Forgets a stem. Its rows are to be collected.
    pub(super) fn forget(&mut self, stem: &[u8]) -> Result<(), Trouble> {
        let found = self.integrations.remove(stem)?;
        if let Some((number, _)) = found.map(|found| found.value()) {
            self.garbage.insert(number, ())?;
        }
        Ok(())
    }

    /// Writes a row, or removes it when it holds nothing; by how many pairs there are more then.
    pub(super) fn set(&mut self, row: &Row) -> Result<i64, Trouble> {
        let was_there = match &row.other {
            Some(other) => self.rows.insert(row.key(), &**other)?.is_some(),
            None => self.rows.remove(row.key())?.is_some(),
        };
        let more = i64::from(row.other.is_some()) - i64::from(was_there);
        Ok(if row.half == Half::Botmatic { more } else { 0 })
    }

    /// Notes that a stem has so many pairs more.
    pub(super) fn add_pairs(&mut self, stem: &[u8], more: i64) -> Result<(), Trouble> {
        let found = self.integrations.get(stem)?.map(|found| found.value());
        if let Some((number, pairs)) = found {
            let pairs = pairs.saturating_add_signed(more);
            self.integrations.insert(stem, (number, pairs))?;
        }
        Ok(())
    }

    /// Removes some rows of forgotten stems; whether there are more.
    pub(super) fn collect(&mut self) -> Result<bool, Trouble> {
        let first = self.garbage.first()?.map(|(number, _)| number.value());
        let Some(number) = first else {
            return Ok(false);
        };
        let (from, to) = bounds(number);
        let mut removed = 0;
        for row in self
            .rows
            .extract_from_if(&*from..&*to, |_, _| true)?
            .take(ROWS_A_COMMIT)
        {
            row?;
            removed += 1;
        }
        if removed < ROWS_A_COMMIT {
            self.garbage.remove(number)?;
        }
        Ok(true)
    }
}
