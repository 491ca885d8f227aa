//! A sync that is killed at each of its requests, and the next sync.

use std::thread;
use std::time::{Duration, Instant};

use super::REQUIREMENTS;
use super::bench::Bench;
use crate::support::proxy::{Fate, Proxy, Recorded};

/// The changes in the first sync: a renamed module, a new import cycle, a deleted import cycle, and new requirements.
const BEFORE: [(&str, &str); 6] = [
    REQUIREMENTS,
    ("dag.py", "from old import f\n"),
    ("old.py", "def f(): pass\n"),
    ("circle_gone_a.py", "import circle_gone_b\n"),
    ("circle_gone_b.py", "import circle_gone_a\n"),
    ("config.json", "{}"),
];
pub(super) const AFTER: [(&str, &str); 7] = [
    ("requirements.txt", "boto3==1.40.1\n"),
    ("dag.py", "from package.new import f\n"),
    ("package/__init__.py", "from . import new\n"),
    ("package/new.py", "import circle_a\ndef f(): pass\n"),
    ("circle_a.py", "import circle_b\n"),
    ("circle_b.py", "import circle_a\n"),
    ("config.json", "{\"more\": 1}"),
];

/// A further change before the next sync: some new files are gone, others changed again.
const LATER: [(&str, &str); 4] = [
    ("requirements.txt", "boto3==1.40.2\n"),
    ("dag.py", "from circle_b import g\n"),
    ("circle_b.py", "def g(): pass\n"),
    ("config.json", "{\"more\": 2}"),
];

pub(super) fn prepared(name: &str) -> Bench {
    let mut bench = Bench::new(name);
    bench.write(&BEFORE);
    bench.done(&[]);
    for file in ["old.py", "circle_gone_a.py", "circle_gone_b.py"] {
        bench.remove(file);
    }
    bench.write(&AFTER);
    bench
}

/// The sync is killed at each request in turn; the next sync has the same files, or others.
fn dies(fate: Fate, name: &str, next: &[(&str, &str)]) {
    let mut complete = prepared(name);
    let (_, requests) = complete.done(&[]);
    complete.holds(&AFTER);
    // The listing, the manifest; the announcement, data, new modules, the DAG, deletes, the manifest.
    assert_eq!(requests.len(), 2 + 1 + 2 + 4 + 1 + 3 + 1);
    for last in 0..requests.len() {
        let mut bench = prepared(&format!("{name}{last}"));
        let judge = move |_: &_, index| match index {
            index if index < last => Fate::Pass,
            index if index == last => fate,
            _ => Fate::Lost,
        };
        let proxy = Proxy::start(&bench.upstream(), Box::new(judge));
        let mut child = bench.start(&proxy);
        let began = Instant::now();
        let over = |request: &Recorded| fate == Fate::Lost || request.status.is_some();
        while !proxy.requests().get(last).is_some_and(over) {
            assert!(began.elapsed() < Duration::from_secs(120), "request {last} was not sent: {:?}", proxy.requests());
            thread::sleep(Duration::from_millis(5));
        }
        child.kill().expect("it runs");
        child.wait().expect("a status");
        bench.follow(&proxy.requests());
        for (file, _) in AFTER.iter().filter(|(file, _)| next.iter().all(|(other, _)| other != file)) {
            bench.remove(file);
        }
        bench.write(next);
        bench.done(&[]);
        bench.holds(next);
        let (report, requests) = bench.done(&[]);
        assert!(report["update"] == "none" && requests.len() == 2, "{report}");
        // Also where an interrupted sync sent them.
        assert_eq!(report["requirements_version"], bench.version("requirements.txt"));
    }
}

#[test]
fn after_a_death_before_any_request_all_files_import_and_the_next_sync_completes() {
    dies(Fate::Lost, "lost", &AFTER);
}

#[test]
fn after_a_death_after_any_request_all_files_import_and_the_next_sync_completes() {
    dies(Fate::NoResponse, "no-response", &AFTER);
}

#[test]
fn uploads_of_a_dead_sync_are_still_ours_when_the_files_changed_since() {
    dies(Fate::NoResponse, "later", &LATER);
}
