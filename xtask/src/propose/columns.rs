//! The columns of a table, from what the samples show: nested objects become columns, lists of objects child tables.

use contract::{Column, Type};

use super::names::{LONGEST, Taken, snake};
use super::seen::Seen;

/// Names of a key, the best first.
const KEYS: [&str; 6] = ["id", "uuid", "guid", "key", "slug", "name"];

/// Columns with the time of the last change, the best first.
const CHANGED: &str = "updated_at last_updated modified_at last_modified updated modified date_modified date_updated \
    last_modified_at last_updated_at";

/// With fewer records, that a value is never null may be chance.
const ENOUGH: u64 = 20;

/// The last words of names, and the units that they stand for.
const UNITS: &str = "kg=kg g=g lb=lb lbs=lb lbf=lbf km=km m=m meters=m cm=cm mm=mm mi=mi miles=mi ft=ft feet=ft s=s sec=s \
    seconds=s ms=ms min=min minutes=min h=h hours=h days=d years=yr usd=usd eur=eur gbp=gbp pct=pct percent=pct deg=deg \
    degrees=deg c=degC celsius=degC kn=kN kw=kW kwh=kWh mw=MW hz=Hz bytes=B kb=kB mb=MB gb=GB mps=m/s kmh=km/h kph=km/h";

/// A proposed column and its evidence.
#[derive(Clone, Debug)]
pub struct Line<'s> {
    pub name: String,
    pub column: Column,
    pub seen: &'s Seen,
    /// How many values are not null, such as `187 of 205 records`, and what is special about them.
    pub why: String,
}

impl<'s> Line<'s> {
    fn of(at: String, seen: &'s Seen, taken: &mut Taken, total: u64, what: &str) -> Self {
        let name = taken.name(&at, LONGEST);
        let (kind, special) = seen.kind();
        let doc = format!("The `{at}` field.");
        let column = Column {
            at: Some(at).filter(|at| *at != name),
            kind,
            required: what == "record" && total >= ENOUGH && seen.filled() == total,
            unique: false,
            unit: unit(&name, kind).map(str::to_owned),
            values: Vec::new(),
            references: None,
            known_gaps: None,
            personal: None,
            clean: None,
            doc,
        };
        let filled = seen.filled();
        let share = if filled == total { format!("all {total}") } else { format!("{filled} of {total}") };
        let plural = if total == 1 { "" } else { "s" };
        let why = [Some(format!("{share} {what}{plural}")), special.map(str::to_owned), few(seen, kind)];
        Self { name, column, seen, why: why.into_iter().flatten().collect::<Vec<_>>().join("; ") }
    }

    pub fn at(&self) -> &str {
        self.column.path(&self.name)
    }

    /// Whether the column identifies the records.
    fn is_unique(&self, total: u64) -> bool {
        self.is_key_type() && self.seen.filled() == total && self.seen.values.len() as u64 == total
    }

    fn is_key_type(&self) -> bool {
        matches!(self.column.kind, Type::String(_) | Type::Integer)
    }
}

fn unit(name: &str, kind: Type) -> Option<&'static str> {
    let (_, last) = name.rsplit_once('_').filter(|_| matches!(kind, Type::Integer | Type::Double))?;
    UNITS.split(' ').find_map(|pair| pair.strip_prefix(last)?.strip_prefix('='))
}

/// Returns the values of a column that has few of them.
fn few(seen: &Seen, kind: Type) -> Option<String> {
    let is_few = (1..=12).contains(&seen.values.len()) && seen.texts >= 50 && seen.values.values().all(|n| *n >= 2);
    let short = |value: &String| serde_json::Value::from(value.chars().take(40).collect::<String>()).to_string();
    let values: Vec<String> = seen.values.keys().map(short).collect();
    (is_few && matches!(kind, Type::String(_))).then(|| format!("values: {}", values.join(", ")))
}

/// Chooses the key: the column `wanted`, or else one whose name suggests it and that is unique and never null.
pub fn key(lines: &[Line<'_>], wanted: Option<&str>, total: u64) -> Result<usize, String> {
    if let Some(wanted) = wanted {
        let place = lines.iter().position(|line| line.name == wanted || line.at() == wanted);
        let place = place.ok_or_else(|| format!("there is no column `{wanted}`"))?;
        return match &lines[place] {
            line if !line.is_key_type() => {
                Err(format!("`{wanted}` is a {}; a key must be a string or an integer", line.column.kind))
            }
            line if !line.is_unique(total) => Err(format!(
                "`{wanted}` has {} different values in {total} records; a key must be unique and never null",
                line.seen.values.len()
            )),
            _ => Ok(place),
        };
    }
    let named = |name: &str| lines.iter().position(|line| line.name == name && line.is_unique(total));
    let is_id = |line: &Line<'_>| {
        let last = snake(line.at());
        last.ends_with("_id") || last.ends_with("_uuid") || last.ends_with("_key")
    };
    let id = || lines.iter().position(|line| !line.at().contains('.') && is_id(line) && line.is_unique(total));
    let (best, rest) = KEYS.split_at(4);
    let found = best.iter().find_map(|name| named(name)).or_else(id);
    found.or_else(|| rest.iter().find_map(|name| named(name))).ok_or_else(|| {
        let unique = lines.iter().filter(|line| line.is_unique(total)).map(|line| format!("`{}`", line.name));
        let unique: Vec<String> = unique.collect();
        let other = if unique.is_empty() {
            "no column is unique and never null".to_owned()
        } else {
            unique.join(", ") + " would be unique"
        };
        format!("no column with the name of a key is unique and never null; {other}")
    })
}

/// Returns the column with the time of the last change, if every record has one.
pub fn changed<'l>(lines: &'l [Line<'_>], total: u64) -> Option<&'l str> {
    let fits = |line: &&Line<'_>| line.column.kind == Type::Timestamp && line.seen.filled() == total;
    let found = CHANGED.split(' ').find_map(|name| lines.iter().filter(fits).find(|line| line.name == name));
    found.map(|line| line.name.as_str())
}

/// The columns of a record, and the lists in it that become tables.
#[derive(Clone, Debug, Default)]
pub struct Columns<'s> {
    pub lines: Vec<Line<'s>>,
    pub lists: Vec<(String, &'s Seen)>,
    /// The fields that cannot be columns.
    pub skipped: Vec<String>,
    places: Vec<(String, &'s Seen)>,
}

impl<'s> Columns<'s> {
    /// Returns the columns of records, or of list elements: in these, lists are not tables.
    pub fn of(seen: &'s Seen, mut taken: Taken, elements: Option<&str>) -> Self {
        let mut found = Self::default();
        found.walk(seen, "", elements.is_none());
        let what = elements.unwrap_or("record");
        found.lines =
            found.places.drain(..).map(|(at, field)| Line::of(at, field, &mut taken, seen.objects, what)).collect();
        found
    }

    fn walk(&mut self, record: &'s Seen, above: &str, has_tables: bool) {
        for (name, seen) in &record.fields {
            if name.is_empty() || name.contains('.') {
                self.skipped.push(name.clone());
                continue;
            }
            let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
            if seen.is_record() {
                self.walk(seen, &path, has_tables);
            } else if has_tables && seen.is_table() {
                self.lists.push((path, seen));
            } else {
                self.places.push((path, seen));
            }
        }
    }
}
