//! JUnit files of outputs as libtest prints them.

use super::*;

const OUTPUT: &str = "
running 5 tests
test stack::passes ... ok
test stack::fails ... FAILED
test stack::slow has been running for over 60 seconds
test stack::later ... ignored, needs a server
test stack::panics ... FAILED
test stack::slow ... ok

failures:

---- stack::fails stdout ----
test other ... ok is only a text
assertion `left == right` failed: a < b & \"c\"
  left: \u{1b}[31m1\u{1b}[0m

---- stack::panics stdout ----
thread 'stack::panics' panicked at src/lib.rs:1:2

failures:
    stack::fails
    stack::panics

test result: FAILED. 2 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out
test hangs::for_ever ... ";

/// The lines with a test.
fn cases(text: &str) -> Vec<&str> {
    text.split("  <testcase classname=\"rust\" name=").skip(1).collect()
}

#[test]
fn every_test_has_its_result_and_a_failed_one_what_it_printed() {
    let text = junit("rust", 12.34, &Ok(false), OUTPUT);
    assert!(text.contains("tests=\"6\" failures=\"2\" errors=\"1\" skipped=\"1\" time=\"12.3\">"), "{text}");
    let expected = [
        "\"hangs::for_ever\"><error message=\"the test did not end\"/></testcase>\n",
        "\"stack::fails\"><failure>test other ... ok is only a text\nassertion `left == right` failed: a &lt; b &amp; \
         &quot;c&quot;\n  left: [31m1[0m\n</failure></testcase>\n",
        "\"stack::later\"><skipped message=\"\"/></testcase>\n",
        "\"stack::panics\"><failure>thread 'stack::panics' panicked at src/lib.rs:1:2\n</failure></testcase>\n",
        "\"stack::passes\"></testcase>\n",
        "\"stack::slow\"></testcase>\n</testsuite>\n",
    ];
    assert_eq!(cases(&text), expected);
}

#[test]
fn a_suite_without_tests_is_one() {
    let of = |passed: Result<bool, String>, output: &str| cases(&junit("rust", 1.0, &passed, output)).concat();
    assert_eq!(of(Ok(true), "checked"), "\"rust\"></testcase>\n</testsuite>\n");
    let long = (0..500).map(|line| format!("line {line}\n")).collect::<String>();
    let failed = of(Ok(false), &long);
    assert!(failed.starts_with("\"rust\"><failure>line 400\n") && failed.contains("line 499\n</failure>"), "{failed}");
    assert_eq!(of(Err("no `x`".to_owned()), ""), "\"rust\"><skipped message=\"no `x`\"/></testcase>\n</testsuite>\n");
}
