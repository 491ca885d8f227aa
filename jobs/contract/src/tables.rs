//! The contract's tables, flat: what the Parquet files, the warehouse and dbt see.

use crate::{Child, Clean, Collection, Column, Contract, Drift, Reference, Type};

/// The column that holds an element's place in its list, from 1.
pub const POSITION: &str = "position";

/// A column that the load adds to every table.
#[derive(Clone, Copy, Debug)]
pub struct SystemColumn {
    /// Its name; the underscore keeps it apart from the source's own.
    pub name: &'static str,
    /// What it holds.
    pub kind: Type,
    /// Whether it is never null.
    pub required: bool,
    /// One sentence.
    pub doc: &'static str,
}

/// The columns of every loaded table after the contract's own, in order.
pub const SYSTEM_COLUMNS: [SystemColumn; 5] = [
    SystemColumn {
        name: "_extra",
        kind: Type::Json,
        required: false,
        doc: "Fields of the record that the contract does not name, by their dotted path.",
    },
    SystemColumn {
        name: "_row_hash",
        kind: Type::String(32),
        required: true,
        doc: "XXH3-128 of the row's values in hexadecimal; it changes when any value does.",
    },
    SystemColumn {
        name: "_run_id",
        kind: Type::String(64),
        required: true,
        doc: "The run that wrote the row's present version.",
    },
    SystemColumn {
        name: "_loaded_at",
        kind: Type::Timestamp,
        required: true,
        doc: "When the load that wrote the row's present version began, UTC.",
    },
    SystemColumn {
        name: "_deleted_at",
        kind: Type::Timestamp,
        required: false,
        doc: "When the row was found to have vanished from the source, UTC; null while it is there.",
    },
];

/// One table: a collection's own, or that of a nested list.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<'c> {
    /// Its name.
    pub name: &'c str,
    /// The collection it comes from.
    pub collection: &'c str,
    /// The nested list it comes from, if it is a child table.
    pub child: Option<&'c Child>,
    /// What one row is.
    pub doc: &'c str,
    /// The columns that identify a row.
    pub key: Vec<&'c str>,
    /// The contract's columns in table order, the parent's key and `position` first in a child table.
    pub columns: Vec<TableColumn<'c>>,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn<'c> {
    /// Its name.
    pub name: &'c str,
    /// The dotted path inside the record or element; `None` for the parent's key and `position`.
    pub path: Option<&'c str>,
    /// What it holds.
    pub kind: Type,
    /// Whether it is never null.
    pub required: bool,
    /// Whether a value comes once only.
    pub unique: bool,
    /// The physical unit or currency.
    pub unit: Option<&'c str>,
    /// The documented domain of values.
    pub values: &'c [String],
    /// What the value points to.
    pub references: Option<Reference>,
    /// How many values may point nowhere with a warning only.
    pub known_gaps: u64,
    /// How strings are cleaned.
    pub clean: &'c [Clean],
    /// One sentence.
    pub doc: &'c str,
}

impl Contract {
    /// Every table in the file's order, each collection's own before its children.
    pub fn tables(&self) -> Vec<Table<'_>> {
        self.collections.iter().flat_map(|(name, collection)| self.tables_of(name, collection)).collect()
    }

    /// The tables of one collection, its own first.
    pub fn tables_of<'c>(&'c self, name: &'c str, collection: &'c Collection) -> Vec<Table<'c>> {
        let own = Table {
            name,
            collection: name,
            child: None,
            doc: &collection.doc,
            key: vec![&collection.key],
            columns: collection
                .columns
                .iter()
                .map(|(column_name, column)| {
                    let key = column_name == collection.key;
                    let mut column = self.column(column_name, column);
                    column.unique |= key;
                    column.required |= key;
                    column
                })
                .collect(),
        };
        let children = collection.children.iter().map(|(child_name, child)| Table {
            name: child_name,
            collection: name,
            child: Some(child),
            doc: &child.doc,
            key: vec![&child.parent_key, POSITION],
            columns: self.child_columns(name, collection, child),
        });
        std::iter::once(own).chain(children).collect()
    }

    fn child_columns<'c>(&'c self, name: &str, collection: &'c Collection, child: &'c Child) -> Vec<TableColumn<'c>> {
        let given = |name, kind, references, doc| TableColumn {
            name,
            path: None,
            kind,
            required: true,
            unique: false,
            unit: None,
            values: &[],
            references,
            known_gaps: 0,
            clean: &[],
            doc,
        };
        let parent_kind = collection.columns.get(&collection.key).map_or(Type::String(64), |column| column.kind);
        let parent = Reference { table: name.to_owned(), column: collection.key.clone() };
        let mut columns = vec![
            given(child.parent_key.as_str(), parent_kind, Some(parent), "The key of the record that holds the list."),
            given(POSITION, Type::Integer, None, "The element's place in its list, from 1."),
        ];
        columns.extend(child.columns.iter().map(|(name, column)| self.column(name, column)));
        columns
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

    /// What a collection does with a field that the contract does not name.
    pub fn drift(&self, collection: &Collection) -> Drift {
        collection.drift.unwrap_or(self.defaults.drift)
    }

    /// The share of quarantined records above which a collection is refused.
    pub fn max_quarantine_share(&self, collection: &Collection) -> f64 {
        collection.max_quarantine_share.unwrap_or(self.defaults.max_quarantine_share)
    }

    /// The share of a table's rows that one load of a collection may mark as deleted: a quarter, so that half a
    /// response never passes, unless the contract says otherwise.
    pub fn max_deleted_share(&self, collection: &Collection) -> f64 {
        collection.max_deleted_share.or(self.defaults.max_deleted_share).unwrap_or(0.25)
    }
}
