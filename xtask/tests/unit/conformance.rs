use std::collections::BTreeSet;

use super::*;

fn lines() -> Vec<Line> {
    tables(&[]).expect("rows").into_values().flatten().collect()
}

#[test]
fn every_row_has_an_id_of_its_own_and_either_a_check_or_a_reason() {
    let lines = lines();
    let ids: BTreeSet<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(ids.len(), lines.len());
    for line in &lines {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(line.id.chars().all(kebab), "{}", line.id);
        let word = line.evidence.split([':', '.']).next().unwrap_or_default();
        assert!(["documented", "inferred", "practised", "unchecked"].contains(&word), "{}", line.id);
        assert_eq!(line.check.is_none(), !line.manual.is_empty(), "{}", line.id);
        if let Some(check) = &line.check {
            assert!(!check.run.is_empty() || check.query.is_some(), "{} sends nothing", line.id);
            assert!(check.query.is_some() || check.rows.is_empty(), "{} has rows without a query", line.id);
            let known = |file: &String| FILES.iter().any(|(name, _)| name == file);
            assert!(check.objects.values().all(|content| known(content) || content.starts_with('{')), "{}", line.id);
            assert!(check.objects.is_empty() || check.objects.contains_key("manifest.json"), "{}", line.id);
        }
    }
}

#[test]
fn the_results_belong_to_rows_with_checks() {
    let lines = lines();
    for id in results().expect("results").keys() {
        assert!(lines.iter().any(|line| line.id == *id && line.check.is_some()), "{id}");
    }
}

#[test]
fn the_page_has_every_table_and_every_link() {
    let page = page().expect("a page");
    assert_eq!(page.matches("<!--").count(), 1, "a marker of a table is left");
    for line in lines() {
        assert!(page.contains(&format!("| `{}`", line.id)), "{}", line.id);
    }
    for reference in page.split("][").skip(1).filter_map(|rest| rest.split_once(']')).map(|(name, _)| name) {
        assert!(page.contains(&format!("\n[{reference}]: https://")), "[{reference}] has no URL");
    }
}

#[test]
fn a_result_is_shown_beside_the_id() {
    let line = &lines()[0];
    let row = line.row(Some(&"verified on 2026-12-01".to_owned()));
    assert!(row.ends_with(&format!("`{}`: verified on 2026-12-01 |\n", line.id)), "{row}");
}

#[test]
fn an_expected_error_is_compared_by_number_and_text() {
    let problem = |statement, message: &str| Problem { statement, message: message.to_owned(), query: 0 };
    let check = Check { error: Some("1023|by zero".to_owned()), at: Some(2), ..Check::default() };
    assert_eq!(check.difference(Some(&problem(1, "ERROR: Divide by Zero"))), None);
    for (found, shown) in [
        (None, "success"),
        (Some(problem(0, "divide by zero")), "an error of statement 1: divide by zero"),
        (Some(problem(1, "denied")), "an error of statement 2: denied"),
    ] {
        let expected = format!("expected an error `1023|by zero`, found {shown}");
        assert_eq!(check.difference(found.as_ref()), Some(expected));
    }
    let any = Check { error: Some(String::new()), ..Check::default() };
    assert_eq!(any.difference(Some(&problem(0, "anything"))), None);
    assert!(any.difference(None).is_some());
    assert_eq!(Check::default().difference(None), None);
    assert!(Check::default().difference(Some(&problem(0, "denied"))).is_some());
}
