//! Refuses an implausible load, unless a person accepts it.

use contract::{Check, Finding};

use super::Job;
use crate::failure::Failure;

/// Logs the warnings; fails for findings that nobody has accepted. Returns the reason if there was something to accept.
pub(super) fn accept<'j>(job: &'j Job<'_>, findings: &[Finding]) -> Result<Option<&'j str>, Failure> {
    let (refused, warnings): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|finding| finding.refused);
    for Finding { check, table, problem, .. } in warnings {
        tracing::warn!(table, %check, "{problem}");
    }
    let Some(first) = refused.first() else { return Ok(None) };
    let wrong_clock = refused.iter().any(|finding| finding.check == Check::Clock);
    if let Some(reason) = job.accept.as_deref().filter(|_| !wrong_clock) {
        for Finding { check, table, problem, .. } in refused {
            tracing::warn!(table, %check, reason, "{problem}; accepted: {reason}");
        }
        return Ok(Some(reason));
    }
    let problems: Vec<&str> = refused.iter().map(|finding| finding.problem.as_str()).collect();
    let hint = if wrong_clock {
        "correct the clock of the machine that ran `transformation` or `copy`, then fetch again with a new run ID"
            .to_owned()
    } else {
        format!(
            "{}; if the source did change in this way, accept it once with `{}`: the ledger keeps the reason",
            cause(job, first, &refused, findings),
            job.accept_with
        )
    };
    Err(Failure::refused(problems.join("\n")).hint(hint))
}

/// Returns the likely cause, and what to do about it.
fn cause(job: &Job<'_>, first: &Finding, refused: &[&Finding], findings: &[Finding]) -> String {
    let is_part = |finding: &&Finding| [Check::Incomplete, Check::PageSize].contains(&finding.check);
    let tables = job.contract.tables();
    let collection = |name: &str| tables.iter().find(|table| table.name == name).map(|table| table.collection);
    if let Some(part) = refused.iter().find(|finding| is_part(finding)) {
        let of_part = collection(&part.table).and_then(|name| job.contract.collections.get(name));
        let has_pages = of_part.is_some_and(|collection| job.contract.request_of(collection).paginator.is_some());
        return if has_pages {
            "the source did not return all of its pages, or `paginator` in the contract is wrong: fetch again with a new \
             run ID"
        } else {
            "the source probably paginates: describe its pages with `request.paginator` in the contract, or request all \
             records, for example with `?limit=100000`; set `max_deleted_share: 1.0` if the response contains only the \
             newest records"
        }
        .to_owned();
    }
    let of_first = |finding: &&Finding| collection(&finding.table) == collection(&first.table);
    match findings.iter().filter(of_first).find(|finding| finding.check == Check::UnknownFields) {
        Some(unknown) => format!("a field was probably renamed, because {}: correct the contract", unknown.problem),
        None if first.check == Check::Empty => "the source is probably broken".to_owned(),
        None => "the response is probably incomplete, or a field was removed".to_owned(),
    }
}
