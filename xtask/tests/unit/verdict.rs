use super::*;

#[test]
fn a_red_line_is_reported_with_its_fix() {
    let mut list =
        vec![StatusLine::green("lake", "dpstack-dlake"), StatusLine::not_verifiable("Airflow", "an emulator")];
    assert!(!is_red(&list));
    assert!(report(&list).ends_with("\nAll parts that can be verified here are healthy; 1 cannot be verified.\n"));
    list.push(StatusLine::of(false, "queue", "DISABLED", "cargo xtask deploy"));
    let text = report(&list);
    assert!(is_red(&list) && text.contains("To fix\n  queue: cargo xtask deploy\n"), "{text}");
    assert!(text.ends_with("\n1 of 3 parts are not healthy.\n"), "{text}");
    assert!(report(&[StatusLine::of(true, "a", "b", "")]).ends_with("\nAll parts are healthy.\n"));
}
