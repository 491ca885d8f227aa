//! Checks the places in a record that columns and child tables are read from: none may be read twice, none nested.

use indexmap::IndexMap;

use super::Checker;
use crate::model::{Child, Column};

impl<'c> Checker<'c> {
    /// Checks the columns of a record, which has `children`, or of a list element, which has none.
    pub(super) fn column_paths(
        &mut self,
        at: &[&'c str],
        columns: &'c IndexMap<String, Column>,
        children: Option<&'c IndexMap<String, Child>>,
    ) {
        let value = "an element that is itself a column cannot have other columns; remove them, or use field paths";
        let record = "only a list element can itself be a column; use field or object.field";
        let own: Vec<(&str, &str)> = columns.iter().map(|(name, column)| (name.as_str(), column.path(name))).collect();
        for (index, &(name, place)) in own.iter().enumerate() {
            let at = [at, &["columns", name]].concat();
            match (place, children) {
                (".", None) if own.len() == 1 => {}
                (".", None) => self.add(&at, &["at"], value),
                (".", Some(_)) => self.add(&at, &["at"], record),
                _ => self.steps(&at, place),
            }
            let lists =
                children.into_iter().flat_map(IndexMap::iter).map(|(_, list)| ("a child table", list.at.as_str()));
            let others = own[..index].iter().copied().chain(lists);
            for (other, taken) in others.filter(|(_, taken)| overlap(place, taken)) {
                self.add(&at, &[], format!("`{place}` is already read by {other} (`{taken}`); remove one"));
            }
        }
    }

    /// Compares the lists of a record with each other.
    pub(super) fn child_paths(&mut self, at: &[&'c str], children: &'c IndexMap<String, Child>) {
        for (index, (name, child)) in children.iter().enumerate() {
            let at = [at, &["children", name]].concat();
            self.steps(&at, &child.at);
            for (other, earlier) in children.iter().take(index).filter(|(_, earlier)| overlap(&child.at, &earlier.at)) {
                let message = format!("`{}` is already read by {other} (`{}`); remove one", child.at, earlier.at);
                self.add(&at, &["at"], message);
            }
        }
    }

    fn steps(&mut self, at: &[&'c str], place: &str) {
        if place.split('.').any(str::is_empty) {
            self.add(at, &["at"], format!("`{place}` is not a path; use field or object.field"));
        }
    }
}

/// Returns whether one path equals or contains the other.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let inside =
        |path: &str, above: &str| path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    inside(one, other) || inside(other, one)
}
