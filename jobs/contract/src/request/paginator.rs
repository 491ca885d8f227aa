//! How the pages of a collection are requested.

use serde::{Deserialize, Serialize};

/// How the pages of a collection are requested, until the last one. A parameter whose name starts with `$.` is the
/// path of a value in the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Paginator {
    /// One response has all records, although the source has another paginator.
    SinglePage,
    /// By page number.
    PageNumber {
        /// The parameter with the page's number.
        #[serde(default = "page")]
        page_param: String,
        /// The number of the first page.
        #[serde(default = "one")]
        base_page: u64,
    },
    /// By the number of records to skip.
    Offset {
        /// The number of records per page.
        limit: u64,
        /// The parameter with this number.
        #[serde(default = "limit")]
        limit_param: String,
        /// The parameter with the number of records to skip.
        #[serde(default = "offset")]
        offset_param: String,
    },
    /// By a cursor, from the response or its last record.
    Cursor {
        /// The path of the next cursor in a response.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor_path: Option<String>,
        /// The path in the last record, if that is the next cursor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_record: Option<String>,
        /// The parameter with the cursor.
        #[serde(default = "cursor")]
        cursor_param: String,
    },
    /// By the next page's URL in the response.
    JsonLink {
        /// The path of this URL.
        #[serde(default = "next")]
        next_url_path: String,
    },
    /// By the `Link` header (RFC 8288).
    HeaderLink {
        /// The link's relation.
        #[serde(default = "next")]
        links_next_key: String,
    },
}

fn page() -> String {
    "page".to_owned()
}

fn limit() -> String {
    "limit".to_owned()
}

fn offset() -> String {
    "offset".to_owned()
}

fn cursor() -> String {
    "cursor".to_owned()
}

fn next() -> String {
    "next".to_owned()
}

const fn one() -> u64 {
    1
}
