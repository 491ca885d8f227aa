use super::*;

#[test]
fn tokens_differ_by_run_and_attempt_and_are_found_in_a_name() {
    let run: RunId = "r".parse().expect("run id");
    let names = StageNames::new("zoo", &run, "a");
    assert_ne!(names.token, StageNames::new("zoo", &run, "b").token);
    for name in [names.stage("animals"), names.delta("animal__meals")] {
        assert_eq!(StageNames::token_of(&name), Some(names.token.as_str()), "{name}");
    }
    for other in ["animals", "animals__s_", "animals__x_0123456789ab", "animals__s_0123456789zz"] {
        assert_eq!(StageNames::token_of(other), None, "{other}");
    }
}
