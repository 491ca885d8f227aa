//! The kinds of implausible or altered input in `docs/drift.md`: what happens, and which tests show it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::check_documented;

/// A kind, what happens, and the tests.
type Kind = (&'static str, &'static str, &'static [&'static str]);

const KINDS: [Kind; 16] = [
    (
        "a part taken for the whole",
        "refused by `copy` (exit 1), unless accepted with a reason: a header reports more records, the number of records \
         is that of a page, or a table would lose too many rows",
        &["a_table_that_would_lose_most_of_its_rows_is_not_loaded", "an_accepted_load_keeps_the_reason_in_the_ledger"],
    ),
    (
        "a field renamed or gone in all records",
        "refused by `copy` (exit 1), unless accepted with a reason, if a column would lose too many of its values",
        &["a_renamed_field_is_refused_with_numbers_and_its_likely_cause"],
    ),
    (
        "a settings file that was named and does not exist",
        "refused before any call (exit 1)",
        &["the_given_file_must_exist_for_every_command"],
    ),
    (
        "a value altered by substitution",
        "not altered: `$name` in a settings file is text, not a variable (exit 0)",
        &["values_are_not_substituted"],
    ),
    (
        "exactness lost in a middle type",
        "not lost: an integer is read from its text (exit 0); the record is quarantined if it does not fit (exit 0)",
        &[
            "an_integer_is_read_exactly_from_its_text_or_refused",
            "keys_that_are_equal_as_64_bit_floats_remain_different",
        ],
    ),
    (
        "an ETag of another URL",
        "not sent; after a 304 response with another ETag, requested again without a condition (exit 0), and a second 304 \
         response is refused (exit 1)",
        &["an_etag_is_not_sent_to_another_host", "a_304_with_another_etag_is_not_believed"],
    ),
    (
        "a source file that changes while it is read",
        "retried, then failed temporarily (exit 75), without a manifest",
        &["a_file_that_changes_while_it_is_read_is_never_mixed"],
    ),
    (
        "what leaves the contract",
        "reported, and kept, set to null or dropped (exit 0), as `removed` in the contract says: by default, a removed column \
         becomes null in every row that is written, and the rows of a removed table are marked as deleted",
        &[
            "removed_columns_become_null_and_the_rows_of_removed_tables_are_marked_as_deleted_once",
            "removed_columns_and_tables_are_dropped_unless_another_object_depends_on_them",
        ],
    ),
    (
        "a clock that is ahead",
        "refused by `copy` (exit 1) if it is more than five minutes ahead; cannot be accepted",
        &[
            "a_run_with_a_clock_that_is_ahead_is_refused",
            "a_run_superseded_by_a_run_from_the_future_fails_and_the_hint_works",
        ],
    ),
    (
        "a limit of only one warehouse",
        "applied to both: the contract is refused (exit 1) or the record quarantined (exit 0), as listed in \
         [data.md](data.md#limits)",
        &["any_accepted_contract_is_loaded_by_both_warehouses", "every_accepted_row_passes_the_validation"],
    ),
    (
        "a warehouse's words for a conflict",
        "retried with and without an error number, then failed temporarily (exit 75)",
        &["a_conflict_is_retried_after_a_wait_and_exits_with_75"],
    ),
    (
        "a timestamp outside the grammar",
        "the record is quarantined (exit 0)",
        &["instants_have_one_grammar_with_a_zone_or_without", "a_value_of_another_type_is_reported_with_its_path"],
    ),
    (
        "the key or type of a table changed",
        "refused by `copy` before staging (exit 1)",
        &[
            "a_table_whose_key_differs_from_the_contract_is_refused_before_staging",
            "a_column_of_another_type_in_the_warehouse_is_refused",
        ],
    ),
    (
        "a DAG's encoding",
        "read as Python reads it; refused before any upload (exit 1) if it is invalid",
        &["a_files_encoding_declaration_is_used", "failing_imports_are_reported_with_file_and_line_before_any_upload"],
    ),
    (
        "a byte order mark",
        "skipped; the stored response keeps it (exit 0)",
        &["a_byte_order_mark_before_the_json_is_stored_and_ignored", "a_byte_order_mark_is_skipped_and_counted"],
    ),
    (
        "a redirect to another host",
        "followed with a warning (exit 0), without the ETag; refused (exit 1) from HTTPS to HTTP",
        &[
            "the_metadata_has_the_final_url_and_another_host_is_a_warning",
            "a_redirect_is_followed_within_http_and_never_from_https_to_http",
        ],
    ),
];

#[test]
fn the_documented_kinds_match_the_tested_ones() {
    let mut table = String::from("| kind | what happens | tests |\n");
    for (kind, happens, tests) in KINDS {
        let _ = writeln!(table, "| {kind} | {happens} | `{}` |", tests.join("`, `"));
    }
    check_documented(&table);
}

#[test]
fn every_named_test_exists() {
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in ["tests", "../xtask/tests"] {
        read(&jobs.join(folder), &mut sources);
    }
    let names = KINDS.iter().flat_map(|(_, _, tests)| tests.iter());
    let missing: Vec<_> = names.filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Appends all Rust files below a folder.
fn read(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *sources += &fs::read_to_string(&path).expect("text");
        }
    }
}
