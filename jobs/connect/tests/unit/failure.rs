use anyhow::Context;

use super::*;

#[test]
fn the_outermost_failure_decides_the_code_and_the_innermost_hint_is_shown() {
    let failure = || Failure::temporary("no").hint("do");
    let cause = anyhow::Error::new(failure()).context("outer");
    let context = anyhow::anyhow!("inner").context(failure()).context("outer");
    let nothing = None::<()>.with_context(failure).expect_err("nothing");
    for error in [cause, context, nothing] {
        assert_eq!((hint_of(&error), exit_of(&error)), (Some("do"), Exit::TempFail), "{error:?}");
    }
    let outer = anyhow::Error::new(Failure::new("altered").because(failure()));
    assert_eq!((exit_of(&outer), hint_of(&outer)), (Exit::Failed, Some("do")));
    assert_eq!(exit_of(&anyhow::anyhow!("anything else")), Exit::Failed);
}

#[test]
fn a_failed_call_has_a_hint_and_its_exit_code_says_whether_to_try_again() {
    let hints = [("AccessDenied", "ask for s3:PutObject")];
    let shown = |code, words| {
        let error = anyhow::Error::new(of_call("put it", code, words, &hints));
        (error.to_string(), exit_of(&error), hint_of(&error).unwrap_or_default().to_owned())
    };
    for (code, words, exit, hint) in [
        (Some("AccessDeniedException"), "no", Exit::Failed, "ask for s3:PutObject"),
        (Some("ExpiredTokenException"), "no", Exit::Failed, "the credentials have expired; get new ones"),
        (Some("ValidationException"), "no", Exit::Failed, ""),
        (Some("ThrottlingException"), "no", Exit::TempFail, "run the same command again"),
        (Some("ActiveStatementsExceededException"), "no", Exit::TempFail, "run the same command again"),
        (Some("InternalServerException"), "no", Exit::TempFail, "run the same command again"),
        (None, "connect: refused", Exit::TempFail, "check the network, then run the same command again"),
    ] {
        let code_shown = code.map_or_else(String::new, |code| format!("{code}: "));
        assert_eq!(shown(code, words), (format!("cannot put it: {code_shown}{words}"), exit, hint.to_owned()));
    }
    let (_, exit, hint) = shown(None, "no credentials in the chain");
    assert!(exit == Exit::Failed && hint.contains("AWS_ACCESS_KEY_ID"));
}

#[test]
fn errors_of_postgres_that_pass_are_temporary() {
    for (code, message, temporary) in [
        ("40001", "could not serialize access due to concurrent update", true),
        ("40P01", "deadlock detected", true),
        ("57P01", "terminating connection due to administrator command", true),
        ("XX000", "tuple concurrently updated", true),
        ("XX000", "could not open relation with OID 16398", true),
        ("XX000", "cache lookup failed for type 17", false),
        ("42P01", "relation \"x\" does not exist", false),
    ] {
        assert_eq!(is_temporary_in_postgres(code, message), temporary, "{code} {message}");
    }
}
