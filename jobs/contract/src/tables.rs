//! The contract's tables and columns, as the Parquet files, the warehouse and dbt use them.

use indexmap::IndexMap;

use crate::incremental::Mode;
use crate::model::{Child, Clean, Collection, Column, Contract, Drift, Personal, Reference, Removed, Type};

/// The column with an element's position in its list, starting from 1.
pub const POSITION: &str = "position";

/// The column of [`Table::is_numbered`] files with the number of a row's record in the run's responses, starting from 1.
pub const RECORD: &str = "_record";

/// The columns that a load adds to every table after the contract's own, in order. The leading underscore separates them
/// from the source's columns.
pub static SYSTEM_COLUMNS: [TableColumn<'static>; 5] = [
    automatic("_extra", Type::Json, false, EXTRA),
    automatic("_row_hash", Type::String(32), true, ROW_HASH),
    automatic("_run_id", Type::String(64), true, "The run that wrote the row's current version."),
    automatic("_loaded_at", Type::Timestamp, true, LOADED_AT),
    automatic("_deleted_at", Type::Timestamp, false, DELETED_AT),
];

const EXTRA: &str = "Fields of the record that the contract does not define, keyed by dotted path.";
const ROW_HASH: &str = "XXH3-128 hash of the row's values in hexadecimal; it changes whenever a value changes.";
const LOADED_AT: &str = "Start time (UTC) of the load that wrote the row's current version.";
const DELETED_AT: &str =
    "Time (UTC) at which the row was found to be missing from the source; null if the source still has it.";

/// Returns a column that is not read from the record.
const fn automatic<'c>(name: &'c str, kind: Type, required: bool, doc: &'c str) -> TableColumn<'c> {
    TableColumn {
        name,
        path: None,
        kind,
        required,
        unique: false,
        unit: None,
        values: &[],
        references: None,
        known_gaps: 0,
        clean: &[],
        doc,
    }
}

/// One table, for a collection or for a nested list.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<'c> {
    /// Its name.
    pub name: &'c str,
    /// The collection that its records belong to.
    pub collection: &'c str,
    /// The nested list, if it is a child table.
    pub child: Option<&'c Child>,
    /// What one row represents.
    pub doc: &'c str,
    /// The columns that identify a row.
    pub key: Vec<&'c str>,
    /// The contract's columns in table order; a child table starts with the parent's key and `position`.
    pub columns: Vec<TableColumn<'c>>,
    /// Whether its files also have the column [`RECORD`]: a response may have several versions of a record.
    pub is_numbered: bool,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn<'c> {
    /// Its name.
    pub name: &'c str,
    /// The dotted path inside the record or element; `None` for a column that is not read from it.
    pub path: Option<&'c str>,
    /// Its type.
    pub kind: Type,
    /// Whether it is never null.
    pub required: bool,
    /// Whether values must be unique.
    pub unique: bool,
    /// The physical unit or currency.
    pub unit: Option<&'c str>,
    /// The documented values.
    pub values: &'c [String],
    /// The column that its values refer to.
    pub references: Option<Reference>,
    /// The number of values that may have no match: up to this number, dbt warns; above it, dbt fails.
    pub known_gaps: u64,
    /// How strings are cleaned.
    pub clean: &'c [Clean],
    /// Its description, one sentence.
    pub doc: &'c str,
}

impl TableColumn<'_> {
    /// Returns its description, with its unit.
    pub fn description(&self) -> String {
        self.doc.to_owned() + &self.unit.map_or(String::new(), |unit| format!(" Unit: {unit}."))
    }
}

impl Contract {
    /// Returns all tables in file order, each collection before its children.
    pub fn tables(&self) -> Vec<Table<'_>> {
        self.collections.iter().flat_map(|(name, collection)| self.tables_of(name, collection)).collect()
    }

    /// Returns the tables of one collection, with its own table first.
    pub fn tables_of<'c>(&'c self, name: &'c str, collection: &'c Collection) -> Vec<Table<'c>> {
        let mut columns: Vec<_> = self.columns(&collection.columns).collect();
        for key in columns.iter_mut().filter(|column| column.name == collection.key) {
            (key.required, key.unique) = (true, true);
        }
        let (doc, key) = (collection.doc.as_str(), vec![collection.key.as_str()]);
        let is_numbered = collection.incremental.is_some() || collection.mode == Mode::Append;
        let own = Table { name, collection: name, child: None, doc, key, columns, is_numbered };
        let children = collection.children.iter().map(|(child_name, child)| Table {
            name: child_name,
            collection: name,
            child: Some(child),
            doc: &child.doc,
            key: vec![&child.parent_key, POSITION],
            columns: self.child_columns(name, collection, child),
            is_numbered,
        });
        std::iter::once(own).chain(children).collect()
    }

    fn child_columns<'c>(&'c self, name: &str, collection: &'c Collection, child: &'c Child) -> Vec<TableColumn<'c>> {
        let kind = collection.columns.get(&collection.key).map_or(Type::String(64), |column| column.kind);
        let parent = TableColumn {
            references: Some(Reference { table: name.to_owned(), column: collection.key.clone() }),
            ..automatic(&child.parent_key, kind, true, "The key of the record that contains the list.")
        };
        let position = automatic(POSITION, Type::Integer, true, "The element's position in its list, starting from 1.");
        [parent, position].into_iter().chain(self.columns(&child.columns)).collect()
    }

    fn columns<'c>(&'c self, all: &'c IndexMap<String, Column>) -> impl Iterator<Item = TableColumn<'c>> {
        let kept = all.iter().filter(|(_, column)| column.personal != Some(Personal::Drop));
        kept.map(|(name, column)| self.column(name, column))
    }

    fn column<'c>(&'c self, name: &'c str, column: &'c Column) -> TableColumn<'c> {
        TableColumn {
            name,
            path: Some(column.path(name)),
            kind: column.kind,
            required: column.required,
            unique: column.unique,
            unit: column.unit.as_deref(),
            values: &column.values,
            references: column.references.clone(),
            known_gaps: column.known_gaps.unwrap_or(0),
            clean: column.clean.as_deref().unwrap_or(&self.defaults.clean),
            doc: &column.doc,
        }
    }

    /// Returns how a collection handles fields that the contract does not define.
    pub fn drift(&self, collection: &Collection) -> Drift {
        collection.drift.unwrap_or(self.defaults.drift)
    }

    /// Returns the share of quarantined records above which a collection is rejected.
    pub fn max_quarantine_share(&self, collection: &Collection) -> f64 {
        collection.max_quarantine_share.unwrap_or(self.defaults.max_quarantine_share)
    }

    /// Returns the share of rows that one load may mark as deleted; a quarter by default: half a response is rejected.
    pub fn max_deleted_share(&self, collection: &Collection) -> f64 {
        collection.max_deleted_share.or(self.defaults.max_deleted_share).unwrap_or(0.25)
    }

    /// Returns the share of a column's values that one load may set to null; by default, some values must remain.
    pub fn max_emptied_share(&self, collection: &Collection) -> f64 {
        collection.max_emptied_share.or(self.defaults.max_emptied_share).unwrap_or(0.95)
    }

    /// Returns what a load does with removed columns of a collection, or with removed tables (`None`).
    pub fn removed(&self, collection: Option<&Collection>) -> Removed {
        collection.and_then(|collection| collection.removed).or(self.defaults.removed).unwrap_or_default()
    }
}
