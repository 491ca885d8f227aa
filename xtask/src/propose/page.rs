//! One response: its records, and what surrounds them.

use super::json::Json;

/// Usual names of the list with the records.
const LISTS: &str =
    "results data items records value values docs content hits entries rows elements objects result list";

/// Usual names of the objects that contain this list.
const AROUND: &str = "data result results response embedded d query hits payload body";

/// Usual fields beside the records, in lower case without separators.
const BESIDE: &str = "next previous prev nexturl nextlink nextpage nextcursor cursor nextpagetoken count total totalcount \
    totaldocs totalpages totalelements totalitems totalresults page pages currentpage pagenumber limit offset skip \
    hasnextpage hasmore hasnext perpage pagesize pagination paging meta links success status message code error";

/// Of these, the fields that records often have, too.
const OFTEN_OWN: &str = "status success message code error links meta count total limit";

/// Fields that a record has, but no page.
const OWN: &str = "id uuid guid key slug name title";

/// A response as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The file or URL.
    pub origin: String,
    pub text: String,
    /// The URL, if it was requested.
    pub url: Option<String>,
    /// The next page's URL, if the `Link` header has one.
    pub next: Option<String>,
}

/// Where the records of a response are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The response is the list.
    List,
    /// The list is at this dotted path.
    At(String),
    /// The response is the only record.
    Object,
    /// Each line is a record.
    Lines,
}

#[derive(Clone, Debug)]
pub struct Page {
    pub response: Response,
    pub shape: Shape,
    /// The whole response; for lines, the list of them.
    pub root: Json,
}

impl Page {
    /// Parses a response. The error names its origin.
    pub fn parse(response: Response) -> Result<Self, String> {
        let is_named = [".ndjson", ".jsonl"].iter().any(|end| response.origin.ends_with(end));
        let whole = if is_named { None } else { Some(Json::parse(&response.text)) };
        let (shape, root) = match whole {
            Some(Ok(root)) => (shape(&root), root),
            failed => {
                let lines = response.text.lines().filter(|line| !line.trim().is_empty());
                let records: Result<Vec<Json>, _> = lines.map(Json::parse).collect();
                match (records, failed) {
                    (Ok(records), _) if records.iter().all(|record| record.fields().is_some()) => {
                        (Shape::Lines, Json::List(records))
                    }
                    (Err(error), None) | (_, Some(Err(error))) => {
                        return Err(format!("`{}` is not JSON: {error}", response.origin));
                    }
                    _ => return Err(format!("`{}` has lines that are not objects", response.origin)),
                }
            }
        };
        Ok(Self { response, shape, root })
    }

    /// Returns the records, given where those of the collection are.
    pub fn records(&self, shape: &Shape) -> Option<&[Json]> {
        match shape {
            Shape::List | Shape::Lines => self.root.list(),
            Shape::At(path) => self.root.at(path)?.list(),
            Shape::Object => Some(std::slice::from_ref(&self.root)).filter(|_| self.root.fields().is_some()),
        }
    }

    /// Returns the scalars beside the records: their path, their name in lower case without separators, and their value.
    pub fn beside(&self) -> Vec<(String, String, &Json)> {
        let mut found = Vec::new();
        if let Shape::At(_) = &self.shape {
            scalars(&self.root, "", &mut found);
        }
        found
    }
}

/// Returns whether one of the words is this name, regardless of case and separators.
pub fn is_in(words: &str, name: &str) -> bool {
    words.split_whitespace().any(|word| word == plain(name))
}

pub fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn joined(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}

fn scalars<'j>(json: &'j Json, above: &str, found: &mut Vec<(String, String, &'j Json)>) {
    let Some(fields) = json.fields().filter(|_| above.split('.').count() < 4) else { return };
    for (name, value) in fields.iter().filter(|(name, _)| !name.is_empty() && !name.contains('.')) {
        let path = joined(above, name);
        match value {
            Json::List(_) => {}
            Json::Object(_) => scalars(value, &path, found),
            _ => found.push((path, plain(name), value)),
        }
    }
}

fn shape(root: &Json) -> Shape {
    let Some(fields) = root.fields() else {
        return if root.list().is_some() { Shape::List } else { Shape::Object };
    };
    let mut lists = Vec::new();
    candidates(root, "", &mut lists);
    let is_usual = |path: &String| is_in(LISTS, path.rsplit('.').next().unwrap_or_default());
    let is_around = |path: &String| path.rsplit('.').skip(1).all(|step| is_in(AROUND, step));
    let is_page = fields.keys().any(|name| is_in(BESIDE, name));
    let is_record = fields.keys().any(|name| is_in(OWN, name))
        && !fields.keys().any(|name| is_in(BESIDE, name) && !is_in(OFTEN_OWN, name));
    // A record may have a list with a usual name, such as the items of an order.
    if is_record {
        return Shape::Object;
    }
    let reachable: Vec<&String> = lists.iter().map(|(path, _)| path).filter(|path| is_around(path)).collect();
    let full = |path: &&String| lists.iter().any(|(other, is_full)| other == *path && *is_full);
    let usual = reachable.iter().find(|path| is_usual(path) && full(path)).copied();
    let only: Vec<&String> = reachable.iter().filter(|path| full(path)).copied().collect();
    let only = if let [only] = only[..] { Some(only) } else { None };
    let empty = reachable.iter().find(|path| is_usual(path)).copied().or(reachable.first().copied());
    match usual.or(only).or(empty.filter(|_| is_page)) {
        Some(path) => Shape::At(path.clone()),
        None => Shape::Object,
    }
}

/// Collects the lists of objects, and the empty lists, with their paths.
fn candidates(json: &Json, above: &str, found: &mut Vec<(String, bool)>) {
    let Some(fields) = json.fields().filter(|_| above.split('.').count() < 3) else { return };
    for (name, value) in fields.iter().filter(|(name, _)| !name.is_empty() && !name.contains('.')) {
        let path = joined(above, name);
        match value.list() {
            Some(items) if items.iter().all(|item| item.fields().is_some()) => found.push((path, !items.is_empty())),
            Some(_) => {}
            None => candidates(value, &path, found),
        }
    }
}
