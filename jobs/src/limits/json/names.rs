//! Whether an object has one name twice.

use std::ops::Range;

/// Names of open objects that are kept without allocating.
const FEW: usize = 48;

/// The names of every open object: where each stands in the text, and below each object's names where those of the
/// object round it begin.
pub(super) struct Names {
    few: [u64; FEW],
    many: Vec<u64>,
    count: usize,
    /// Where the innermost object's names begin.
    first: usize,
}

impl Default for Names {
    fn default() -> Self {
        Self { few: [0; FEW], many: Vec::new(), count: 0, first: 0 }
    }
}

impl Names {
    /// Marks a name with escapes; texts are far shorter than 2^31 bytes.
    const ESCAPED: u64 = 1 << 63;

    fn push(&mut self, entry: u64) {
        if self.many.is_empty() && self.count < FEW {
            self.few[self.count] = entry;
        } else {
            if self.many.is_empty() {
                self.many.extend_from_slice(&self.few[..self.count]);
            }
            self.many.truncate(self.count);
            self.many.push(entry);
        }
        self.count += 1;
    }

    fn all(&mut self) -> &mut [u64] {
        if self.many.is_empty() { &mut self.few[..self.count] } else { &mut self.many[..self.count] }
    }

    pub(super) fn enter(&mut self) {
        self.push(self.first as u64);
        self.first = self.count;
    }

    pub(super) fn add(&mut self, place: Range<usize>, escaped: bool) {
        let mark = if escaped { Self::ESCAPED } else { 0 };
        self.push(mark | ((place.start as u64) << 32) | place.end as u64);
    }

    /// Ends the innermost object; a name that it has twice.
    pub(super) fn leave(&mut self, text: &str) -> Option<String> {
        let first = self.first;
        let own = &mut self.all()[first..];
        let place = |entry: u64| ((entry & !Self::ESCAPED) >> 32) as usize..entry as u32 as usize;
        let name = |entry: u64| &text[place(entry)];
        let twice = if own.iter().any(|entry| entry & Self::ESCAPED != 0) {
            // Two ways to write one name: compare what they mean. The quotes stand right beside it.
            let meant = |entry: &u64| {
                let place = place(*entry);
                serde_json::from_str::<String>(&text[place.start - 1..place.end + 1]).unwrap_or_default()
            };
            let mut names: Vec<String> = own.iter().map(meant).collect();
            names.sort_unstable();
            names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone())
        } else if own.len() <= 8 {
            let earlier = |at: usize| own[..at].iter().any(|entry| name(*entry) == name(own[at]));
            (1..own.len()).find(|at| earlier(*at)).map(|at| name(own[at]).to_owned())
        } else {
            own.sort_unstable_by_key(|entry| name(*entry));
            own.windows(2).find(|pair| name(pair[0]) == name(pair[1])).map(|pair| name(pair[0]).to_owned())
        };
        self.count = first - 1;
        self.first = self.all_of(first - 1);
        twice
    }

    fn all_of(&self, at: usize) -> usize {
        let entry = if self.many.is_empty() { self.few[at] } else { self.many[at] };
        entry as usize
    }
}

#[cfg(test)]
mod tests {
    use super::FEW;
    use crate::limits::{Rule, json};

    #[test]
    fn a_name_twice_is_found_at_every_depth_and_size() {
        for (text, twice) in [
            (r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}"#, None),
            (r#"{"a":1,"A":2}"#, None),
            (r#"{"a":{"b":1,"c":{},"b":2}}"#, Some("b")),
            (r#"{"a":1,"\u0061":2}"#, Some("a")),
            (r#"{"x":{"y":1},"a":1,"b":{"c":{"d":2}},"x":2}"#, Some("x")),
        ] {
            let found = json(text).err().map(|flaw| flaw.problem);
            assert_eq!(found, twice.map(|name| format!("`{name}` is written twice in one object")), "{text}");
        }
        for fields in [7, 9, FEW - 2, FEW, FEW + 1, 500] {
            let inner: Vec<String> = (0..fields).map(|index| format!("\"n{index}\":{{\"n1\":{index}}}")).collect();
            let object = format!("{{\"x\":[{{{}}}]}}", inner.join(","));
            assert_eq!(json(&object).map(|json| json.depth), Ok(4), "{fields}");
            assert_eq!(
                json(&object.replace("\"n5\"", "\"n1\"")).map_err(|flaw| flaw.rule),
                Err(Rule::Json),
                "{fields}"
            );
        }
    }
}
