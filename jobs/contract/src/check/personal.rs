//! Checks which columns may be dropped, hashed or masked: not those that requests, keys and references need as they are.

use indexmap::IndexMap;

use super::Checker;
use super::paths::overlap;
use crate::model::{Collection, Column, Personal, Type};
use crate::request::{Paginator, Parameter};

impl<'c> Checker<'c> {
    pub(super) fn personal(&mut self) {
        let contract = self.contract;
        let has_hashes = contract.collections.values().any(Collection::has_hashes);
        match &contract.hash_key {
            None if has_hashes => {
                let message = "is missing, but a column has `personal: hash`; write hash_key: {secret: NAME}";
                self.add(&["hash_key"], &[], message);
            }
            Some(Parameter::Plain(_)) => {
                let message = "is a secret: write {secret: NAME}, and pass the value as the environment variable NAME";
                self.add(&["hash_key"], &[], message);
            }
            Some(_) if !has_hashes => self.add(&["hash_key"], &[], "no column has `personal: hash`; remove the key"),
            Some(key) => self.parameter(&["hash_key"], key),
            None => {}
        }
        for (name, collection) in &contract.collections {
            let at = ["collections", name.as_str()];
            self.needed(&at, collection);
            self.personal_columns(&at, &collection.columns);
            for (child, of) in &collection.children {
                self.personal_columns(&[&at[..], &["children", child]].concat(), &of.columns);
            }
        }
    }

    /// Checks the columns that identify records, or that requests need.
    fn needed(&mut self, at: &[&'c str], collection: &'c Collection) {
        let key = collection.key.as_str();
        let cursor = collection.incremental.as_ref().map(|incremental| incremental.cursor.as_str());
        let last = match self.contract.request_of(collection).paginator {
            Some(Paginator::Cursor { last_record, .. }) => last_record,
            _ => None,
        };
        for (name, column) in &collection.columns {
            let Some(personal) = column.personal else { continue };
            let at = [at, &["columns", name, "personal"]].concat();
            if name == key && personal != Personal::Hash {
                self.add(&at, &[], format!("`{name}` identifies a record, also in child tables; use `hash`"));
            }
            if Some(name.as_str()) == cursor {
                self.add(&at, &[], format!("requests contain the cursor `{name}`; remove `personal`"));
            }
            let path = column.path(name);
            if last.as_deref().is_some_and(|last| overlap(last, path)) {
                self.add(&at, &[], format!("requests contain `{path}` (`last_record`); remove `personal`"));
            }
        }
    }

    fn personal_columns(&mut self, at: &[&'c str], columns: &'c IndexMap<String, Column>) {
        for (name, column) in columns {
            let at = [at, &["columns", name]].concat();
            self.referenced(&at, column);
            let Some(personal) = column.personal else { continue };
            if !column.values.is_empty() {
                self.add(&at, &["values"], "its values are not written; remove `values` or `personal`");
            }
            match (personal, column.kind) {
                (Personal::Drop, _) => {
                    if column.required {
                        self.add(&at, &["required"], "the column is dropped; remove `required`, or use `mask`");
                    }
                    if column.at.as_deref() == Some(".") {
                        let fix = "use `mask`, or a json column for the whole list instead of the child table";
                        self.add(&at, &["personal"], format!("an element cannot be dropped; {fix}"));
                    }
                }
                (_, Type::String(most)) if most >= personal.bytes() => {}
                (_, kind) => {
                    let bytes = personal.bytes();
                    let message = format!("the text that is written needs string({bytes}) or longer, not {kind}");
                    self.add(&at, &["type"], message);
                }
            }
            if personal == Personal::Mask && column.unique {
                self.add(&at, &["unique"], "all values are masked in the same way; remove `unique`, or use `hash`");
            }
        }
    }

    /// Checks that both columns of a reference have the same values.
    fn referenced(&mut self, at: &[&'c str], column: &'c Column) {
        let Some(reference) = &column.references else { return };
        let target = self.contract.collections.get(&reference.table);
        let Some(target) = target.and_then(|table| table.columns.get(&reference.column)) else { return };
        let is_hash = |personal| personal == Some(Personal::Hash);
        let (own, other) = (column.personal, target.personal);
        if own != other || own.is_some() && !is_hash(own) {
            let message =
                format!("its values do not occur in `{reference}`; use `personal: hash` for both, or for none");
            self.add(at, &["references"], message);
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/check_personal.rs"]
mod tests;
