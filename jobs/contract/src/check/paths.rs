//! Where in a record each column and each list is read: nowhere twice, and nowhere inside another.

use super::{Checker, path};
use crate::{Child, Column, Ordered};

impl Checker<'_> {
    /// The columns of a record, beside the lists in it, or of a list's element.
    pub(super) fn columns(&mut self, at: &[String], columns: &Ordered<Column>, lists: Option<&Ordered<Child>>) {
        let own: Vec<(&str, &str)> = columns.iter().map(|(name, column)| (name, column.path(name))).collect();
        for (index, (name, place)) in own.iter().enumerate() {
            if *place == "." {
                self.element_itself(at, name, lists.is_none(), own.len());
            } else {
                self.steps(&[at, &path(&["columns", name])].concat(), place);
            }
            let lists = lists.into_iter().flat_map(Ordered::iter).map(|(_, list)| ("a child table", list.at.as_str()));
            let others = own[..index].iter().copied().chain(lists);
            for (other, taken) in others.filter(|(_, taken)| overlap(place, taken)) {
                let message = format!("`{place}` is read already by {other} (`{taken}`); remove one");
                self.add(at, &["columns", name], message);
            }
        }
    }

    fn element_itself(&mut self, at: &[String], name: &str, element: bool, columns: usize) {
        let problem = match (element, columns) {
            (true, 1) => return,
            (true, _) => "an element that is a value has no other columns; remove them, or write their fields",
            (false, _) => "only the element of a list can be a column itself; write field or object.field",
        };
        self.add(at, &["columns", name, "at"], problem.to_owned());
    }

    /// The lists of a record among themselves.
    pub(super) fn lists(&mut self, at: &[String], children: &Ordered<Child>) {
        for (index, (name, child)) in children.iter().enumerate() {
            let at = [at, &path(&["children", name])].concat();
            self.steps(&at, &child.at);
            for (other, earlier) in children.iter().take(index).filter(|(_, earlier)| overlap(&child.at, &earlier.at)) {
                let message = format!("`{}` is read already by {other} (`{}`); remove one", child.at, earlier.at);
                self.add(&at, &["at"], message);
            }
        }
    }

    fn steps(&mut self, at: &[String], place: &str) {
        if place.split('.').any(str::is_empty) {
            self.add(at, &["at"], format!("`{place}` is no path; write field or object.field"));
        }
    }
}

/// Whether one path lies at or below the other, step by step.
fn overlap(one: &str, other: &str) -> bool {
    let inside =
        |path: &str, above: &str| path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    inside(one, other) || inside(other, one)
}

#[cfg(test)]
mod tests {
    use crate::Contract;

    /// A record with these columns and these lists, each of an element with a day.
    fn problems(columns: &str, lists: &str) -> String {
        let text = format!(
            "source: a\nbase_url: http://a\ncollections:\n  c: {{path: /c, key: k, doc: c, columns: {{k: {{type: integer, \
             doc: k}}, {columns}}}, children: {{{lists}}}}}\n"
        );
        Contract::parse(&text, "a.yaml").err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn list(name: &str, at: &str, more: &str) -> String {
        format!("{name}: {{at: '{at}', parent_key: c_k, doc: l, columns: {{v: {{type: date, doc: v, at: .}}{more}}}}}")
    }

    #[test]
    fn what_no_record_could_fill_is_refused() {
        let column = |at: &str| format!("v: {{at: '{at}', type: date, doc: v}}");
        let two = |one: &str, other: &str| format!("{}, {}", list("l", one, ""), list("m", other, ""));
        assert_eq!(problems(&column("o.v"), &two("o.l", "o.lm")), "");
        for (columns, lists, expected) in [
            (column("k"), String::new(), "c.columns.v: `k` is read already by k (`k`)"),
            (column("k.v"), String::new(), "c.columns.v: `k.v` is read already by k (`k`)"),
            (column("o.l"), list("l", "o", ""), "c.columns.v: `o.l` is read already by a child table (`o`)"),
            (column("."), String::new(), "c.columns.v.at: only the element of a list"),
            (column("a..b"), String::new(), "c.columns.v.at: `a..b` is no path"),
            (String::new(), list("l", "", ""), "c.children.l.at: `` is no path"),
            (String::new(), list("l", ".", ""), "c.children.l.at: `.` is no path"),
            (String::new(), two("l", "l"), "c.children.m.at: `l` is read already by l (`l`)"),
            (String::new(), two("l", "l.m"), "c.children.m.at: `l.m` is read already by l (`l`)"),
            (
                String::new(),
                list("l", "l", ", w: {type: date, doc: w}"),
                "l.columns.v.at: an element that is a value has no other columns",
            ),
        ] {
            let found = problems(&columns, &lists);
            assert!(found.contains(expected), "{expected}\n{found}");
        }
    }
}
