//! Names that a contract accepts, from the names in a response.

use std::collections::BTreeSet;

/// The longest name of a table or column.
pub const LONGEST: usize = 46;

/// Returns a name in lower snake case: `infoURLs` is `info_urls`, and `2d-map` is `field_2d_map`.
pub fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, char) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| chars.get(before));
        let after = chars.get(index + 1);
        // The `s` of `URLs` does not start a word.
        let plural = after == Some(&'s') && chars.get(index + 2).is_none_or(|next| !next.is_lowercase());
        let starts = char.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()) && !plural
            });
        if starts {
            snake.push('_');
        }
        snake.push(if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '_' });
    }
    let words: Vec<&str> = snake.split('_').filter(|word| !word.is_empty()).collect();
    let snake = words.join("_");
    if snake.starts_with(|first: char| first.is_ascii_lowercase()) {
        snake
    } else {
        format!("field_{snake}").trim_end_matches('_').to_owned()
    }
}

/// Returns the name of one element: `launches` is `launch`, `countries` is `country`.
pub fn singular(name: &str) -> String {
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    match name {
        _ if name.ends_with("ies") && name.len() > 4 => format!("{}y", &name[..name.len() - 3]),
        _ if ends(&["ches", "shes", "xes", "sses"]) => name[..name.len() - 2].to_owned(),
        _ if ends(&["ss", "us", "is"]) || name.len() < 3 => name.to_owned(),
        _ => name.strip_suffix('s').unwrap_or(name).to_owned(),
    }
}

/// Names that are already in use.
#[derive(Clone, Debug, Default)]
pub struct Taken(BTreeSet<String>);

impl Taken {
    pub fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Returns a legal name that is not in use: without its first words if it is too long, with `_value` if it is
    /// reserved, and with a number if it is in use.
    pub fn name(&mut self, wanted: &str, most: usize) -> String {
        let mut name = snake(wanted);
        while name.len() > most {
            let Some((_, rest)) = name.split_once('_').filter(|(_, rest)| !rest.is_empty()) else {
                name.truncate(most);
                break;
            };
            name = snake(rest);
        }
        let with = |name: &str, end: &str| format!("{}{end}", &name[..name.len().min(most - end.len())]);
        if !contract::is_free(&name) {
            name = with(&name, "_value");
        }
        let numbered = (2..).map(|number: u32| with(&name, &format!("_{number}")));
        let found = std::iter::once(name.clone()).chain(numbered).find(|name| !self.0.contains(name));
        let found = found.unwrap_or(name);
        self.0.insert(found.clone());
        found
    }
}
