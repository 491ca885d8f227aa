//! Checks the requests of a source and its collections.

use super::Checker;
use crate::incremental::Mode;
use crate::model::{Answer, Collection, Type};
use crate::request::{Auth, Format, Method, Paginator, Parameter, Request};
use crate::tls::is_on_loopback;

/// Variables with another purpose: no secret has such a name, or starts with one that ends with `_`.
const TAKEN: &str = "AWS_ DBT_ OPENLINEAGE_ PGPASSWORD PGUSER PGHOST PGPORT PGDATABASE LAKE_URL WAREHOUSE_URL SOURCE_URL \
    SOURCE_SECRETS RUN_ID CONTRACT COLLECTIONS LOG LOG_LEVEL PATH HOME LOADER_PASSWORD TRANSFORMER_PASSWORD READER_PASSWORD \
    SHARED_BY ACCEPT ACCEPT_WITH FULL_REFRESH FROM_RAW RANGE_FROM RANGE_TO COPY_ROLE AT_ONCE RETRIES VERIFY FIRST_WAIT_MS ADMIN_SECRET FORGET_KEYS \
    FORGET_REQUEST HTTPS_PROXY HTTP_PROXY DOCKER_HOST LD_PRELOAD";

impl<'c> Checker<'c> {
    /// Checks the request of the source, or of one collection.
    pub(super) fn request(&mut self, at: &[&'c str], request: &'c Request) {
        let at = &[at, &["request"]].concat();
        for (part, parameters) in [("path", &request.path), ("query", &request.query), ("headers", &request.headers)] {
            for (name, parameter) in parameters {
                self.parameter(&[at, &[part, name][..]].concat(), parameter);
            }
        }
        for (name, _) in request.path.iter().filter(|(_, value)| matches!(value, Parameter::Secret { .. })) {
            self.add(at, &["path", name], "a secret cannot be part of a path, which logs show; use a header");
        }
        for (name, value) in &request.headers {
            let legal = |text: &str, also: &str| {
                !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || also.contains(char))
            };
            if !legal(name, "-_.!#$%&'*+^`|~") {
                self.add(at, &["headers", name], format!("`{name}` is not the name of a header"));
            }
            if matches!(value, Parameter::Plain(text) if text.chars().any(|char| char.is_ascii_control())) {
                self.add(at, &["headers", name], "has a control character, which headers cannot have");
            }
        }
        if let Some(limit) = request.rate_limit.filter(|limit| limit.requests == 0 || limit.seconds == 0) {
            let message = format!("{} requests in {} seconds; both must be at least 1", limit.requests, limit.seconds);
            self.add(at, &["rate_limit"], message);
        }
        if request.concurrency == Some(0) {
            self.add(at, &["concurrency"], "must be at least 1");
        }
        for status in request.retry_statuses.iter().filter(|status| !(400..600).contains(*status)) {
            self.add(at, &["retry_statuses"], format!("`{status}` is not the status of an error; use 400 to 599"));
        }
        if let Some(auth) = &request.auth {
            self.auth(&[at, &["auth"][..]].concat(), auth);
        }
    }

    fn auth(&mut self, at: &[&'c str], auth: &'c Auth) {
        let (key, secret) = auth.secret();
        if matches!(secret, Parameter::Plain(_)) {
            let message = "is a secret: write {secret: NAME}, and pass the value as the environment variable NAME";
            self.add(at, &[key], message);
        }
        for parameter in auth.parameters() {
            self.parameter(&[at, &[key]].concat(), parameter);
        }
        if let Auth::Oauth2 { access_token_url: url, .. } = auth
            && !(url.starts_with("https://") || url.starts_with("http://") && is_on_loopback(url))
        {
            let message =
                format!("`{url}` must start with https://; http:// only leads to localhost, 127.0.0.0/8 or [::1]");
            self.add(at, &["access_token_url"], message);
        }
    }

    pub(super) fn parameter(&mut self, at: &[&'c str], parameter: &Parameter) {
        let Parameter::Secret { secret: name } = parameter else { return };
        let legal = name.starts_with(|char: char| char.is_ascii_uppercase())
            && name.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_');
        if !legal {
            let fix = "use A-Z 0-9 _, starting with a letter";
            self.add(at, &[], format!("`{name}` is not the name of an environment variable; {fix}"));
        } else if TAKEN.split(' ').any(|taken| taken == name || taken.ends_with('_') && name.starts_with(taken)) {
            self.add(at, &[], format!("the variable `{name}` has another purpose; choose a different name"));
        }
    }

    /// Checks how a collection is requested, together with what it inherits.
    pub(super) fn collection_request(&mut self, at: &[&'c str], collection: &'c Collection) {
        let (own, all) = (&collection.request, self.contract.request_of(collection));
        for (key, is_set) in [
            ("auth", own.auth.is_some()),
            ("rate_limit", own.rate_limit.is_some()),
            ("concurrency", own.concurrency.is_some()),
        ] {
            if is_set {
                self.add(at, &["request", key], "applies to the whole source; move it to the source's `request`");
            }
        }
        if all.body.is_some() && all.method() == Method::Get {
            self.add(at, &["request"], "a GET has no body; use `method: POST`");
        }
        let names = collection.path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default());
        for name in names.filter(|name| !all.path.contains_key(*name)) {
            self.add(at, &["path"], format!("`{{{name}}}` has no value; add it to `request.path`"));
        }
        let lines = all.format == Some(Format::Ndjson);
        if lines && (all.records_at.is_some() || collection.answer == Answer::Object) {
            self.add(
                at,
                &["request"],
                "with `format: ndjson`, each line is a record: remove `records_at` and `answer`",
            );
        }
        for (key, path) in
            [("records_at", &all.records_at), ("total_path", &all.total_path), ("has_more_path", &all.has_more_path)]
        {
            let path = path.as_deref().unwrap_or("x");
            let header = path.strip_prefix("header:").filter(|_| key != "records_at");
            if header.map_or_else(|| path.split('.').any(str::is_empty), str::is_empty) {
                self.add(at, &["request", key], format!("`{path}` is not a path; use field or object.field"));
            }
            if lines && key != "records_at" && path != "x" && header.is_none() {
                self.add(at, &["request", key], "a response of lines has no other fields; use header:NAME");
            }
        }
        if let Some(paginator) = &all.paginator {
            self.paginator(&[at, &["request", "paginator"]].concat(), paginator, &all, collection);
        }
        self.incremental(at, collection);
    }

    fn paginator(&mut self, at: &[&'c str], paginator: &Paginator, request: &Request, collection: &Collection) {
        if collection.answer == Answer::Object {
            self.add(at, &[], "the response is one object, and has no pages; use `answer: list`");
        }
        let has_fields = request.format != Some(Format::Ndjson) && request.records_at.is_some();
        match paginator {
            Paginator::Offset { limit: 0, .. } => self.add(at, &["limit"], "must be at least 1"),
            Paginator::Cursor { cursor_path: None, last_record: None, .. } => {
                self.add(at, &[], "needs `cursor_path`, or `last_record` if the last record has the next cursor");
            }
            Paginator::Cursor { cursor_path: Some(_), last_record: Some(_), .. } => {
                self.add(at, &[], "has both `cursor_path` and `last_record`; remove one");
            }
            Paginator::Cursor { cursor_path: Some(path), .. } | Paginator::JsonLink { next_url_path: path, .. }
                if !has_fields && !path.starts_with("header:") =>
            {
                let message = format!("`{path}` is a field beside the records: say where these are with `records_at`");
                self.add(at, &[], message);
            }
            _ => {}
        }
        let parameters: Vec<&String> = match paginator {
            Paginator::PageNumber { page_param, .. } => vec![page_param],
            Paginator::Offset { limit_param, offset_param, .. } => vec![limit_param, offset_param],
            Paginator::Cursor { cursor_param, .. } => vec![cursor_param],
            _ => Vec::new(),
        };
        for parameter in parameters.into_iter().filter(|name| name.starts_with("$.") && request.body.is_none()) {
            self.add(at, &[], format!("`{parameter}` is a path in the body, but the request has no `body`"));
        }
    }

    fn incremental(&mut self, at: &[&'c str], collection: &'c Collection) {
        let Some(incremental) = &collection.incremental else { return };
        let at = &[at, &["incremental"]].concat();
        let cursor = incremental.cursor.as_str();
        match collection.columns.get(cursor) {
            None => self.add(at, &["cursor"], format!("column `{cursor}` does not exist; use one of the columns")),
            Some(column) if !matches!(column.kind, Type::Timestamp | Type::Date | Type::Integer) => {
                let kind = column.kind;
                self.add(at, &["cursor"], format!("`{cursor}` is a {kind}; use a timestamp, a date or an integer"));
            }
            Some(column) if !column.required => {
                let message = format!("`{cursor}` may be null; add `required: true` to the column");
                self.add(at, &["cursor"], message);
            }
            Some(column) if incremental.format.is_some() && column.kind == Type::Integer => {
                self.add(at, &["format"], "an integer is written as it is; remove `format`");
            }
            Some(_) => {}
        }
        let has_body = self.contract.request_of(collection).body.is_some();
        let parameters =
            [("start_param", Some(&incremental.start_param)), ("end_param", incremental.end_param.as_ref())];
        for (key, parameter) in parameters.into_iter().filter_map(|(key, name)| Some((key, name?))) {
            if parameter.starts_with("$.") && !has_body {
                let message = format!("`{parameter}` is a path in the body, but the request has no `body`");
                self.add(at, &[key], message);
            }
        }
        if collection.answer == Answer::Object {
            self.add(at, &[], "the response is one object, not a list of changes; use `answer: list`");
        }
        if collection.mode == Mode::Append && incremental.snapshot_every > 0 {
            self.add(at, &["snapshot_every"], "snapshots find deleted records, but `mode: append` deletes none");
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/check_request.rs"]
mod tests;
