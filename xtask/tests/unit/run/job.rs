use super::*;

fn job(status: &str, code: Option<i32>, was_terminated: bool) -> Job {
    let container = Attempt { code, reason: None, stream: code.map(|_| "s".to_owned()) };
    Job { id: "j".to_owned(), status: status.to_owned(), was_terminated, container, ..Job::default() }
}

#[test]
fn the_result_of_a_job_is_that_of_its_container() {
    for (status, code, finished, exit) in [
        ("SUCCEEDED", Some(0), false, Exit::Done),
        // moto leaves the code out.
        ("SUCCEEDED", None, false, Exit::Done),
        ("FAILED", Some(75), false, Exit::TempFail),
        ("FAILED", Some(1), false, Exit::Failed),
        ("FAILED", Some(137), false, Exit::Failed),
        ("FAILED", None, false, Exit::TempFail),
        ("FAILED", None, true, Exit::Failed),
    ] {
        assert_eq!(job(status, code, finished).exit(), exit, "{status} {code:?} {finished}");
    }
}

#[test]
fn an_image_that_cannot_be_pulled_is_a_permanent_failure() {
    let mut job = job("FAILED", None, false);
    job.container.reason = Some("CannotPullContainerError: manifest unknown".to_owned());
    assert_eq!(job.exit(), Exit::Failed);
    job.container.reason = Some("ResourceInitializationError: no route".to_owned());
    assert_eq!(job.exit(), Exit::TempFail);
}

#[test]
fn streams_of_all_containers_are_returned() {
    let of = |name: &str| Attempt { stream: Some(name.to_owned()), ..Attempt::default() };
    let mut job = Job { status: "RUNNING".to_owned(), container: of("b"), ..Job::default() };
    job.attempts = vec![of("a")];
    let names = |job: &Job| job.streams().into_iter().map(|((_, name), finished)| (name, finished)).collect::<Vec<_>>();
    assert_eq!(names(&job), [("a".to_owned(), true), ("b".to_owned(), false)]);
    job.status = "FAILED".to_owned();
    job.attempts.push(of("b"));
    assert_eq!(names(&job), [("a".to_owned(), true), ("b".to_owned(), true)]);
}
