//! A sync that dies after each of its requests, and the one that comes after it.

use std::thread;
use std::time::{Duration, Instant};

use super::REQUIREMENTS;
use super::bench::Bench;
use crate::support::proxy::{Asked, Fate, Proxy};

/// A module renamed, circles that come, circles that go, a new requirement.
const BEFORE: [(&str, &str); 8] = [
    REQUIREMENTS,
    ("dag.py", "from old import f\n"),
    ("old.py", "def f(): pass\n"),
    ("gone_a.py", "import gone_b\n"),
    ("gone_b.py", "import gone_a\n"),
    ("gone_later.py", "def f():\n    from gone_now import g\n"),
    ("gone_now.py", "from gone_later import f\n\n\ndef g(): pass\n"),
    ("config.json", "{}"),
];
pub(super) const AFTER: [(&str, &str); 9] = [
    ("requirements.txt", "boto3==1.40.1\n"),
    ("dag.py", "from package.new import f\n"),
    ("package/__init__.py", "from . import new\n"),
    ("package/new.py", "import circle_a\ndef f(): pass\n"),
    ("circle_a.py", "import circle_b\n"),
    ("circle_b.py", "import circle_a\n"),
    ("lazy.py", "def f():\n    from strict import g\n"),
    ("strict.py", "from lazy import f\n\n\ndef g(): pass\n"),
    ("config.json", "{\"more\": 1}"),
];

/// What somebody made of it before trying again: files that were new are gone, others are newer still.
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
    for file in ["old.py", "gone_a.py", "gone_b.py", "gone_later.py", "gone_now.py"] {
        bench.remove(file);
    }
    bench.write(&AFTER);
    bench
}

/// Dies at each request in turn; the next sync has the same files, or others.
fn dies(fate: Fate, name: &str, next: &[(&str, &str)]) {
    let mut whole = prepared(name);
    let (_, asked) = whole.done(&[]);
    whole.holds(&AFTER);
    // A listing, a read; the announcement, data, the new modules, the DAG, the old modules, four stand-ins; the manifest.
    assert_eq!(asked.len(), 2 + 1 + 2 + 6 + 1 + 5 + 4 + 1);
    for last in 0..asked.len() {
        let mut bench = prepared(&format!("{name}{last}"));
        let judge = move |_: &_, index| match index {
            index if index < last => Fate::Pass,
            index if index == last => fate,
            _ => Fate::Lost,
        };
        let proxy = Proxy::start(&bench.upstream(), Box::new(judge));
        let mut child = bench.start(&proxy);
        let began = Instant::now();
        let over = |asked: &Asked| fate == Fate::Lost || asked.status.is_some();
        while !proxy.asked().get(last).is_some_and(over) {
            assert!(began.elapsed() < Duration::from_secs(30), "request {last} never came: {:?}", proxy.asked());
            thread::sleep(Duration::from_millis(5));
        }
        child.kill().expect("it runs");
        child.wait().expect("it ended");
        bench.follow(&proxy.asked());
        for (file, _) in AFTER.iter().filter(|(file, _)| next.iter().all(|(other, _)| other != file)) {
            bench.remove(file);
        }
        bench.write(next);
        bench.done(&[]);
        bench.holds(next);
        let (told, asked) = bench.done(&[]);
        assert!(told["update"] == "none" && asked.len() == 2, "{told}");
        // Also where an interrupted sync sent them.
        assert_eq!(told["requirements_version"], bench.version("requirements.txt"));
    }
}

#[test]
fn a_death_before_any_request_arrives_leaves_what_imports_and_the_next_sync_ends_the_work() {
    dies(Fate::Lost, "lost", &AFTER);
}

#[test]
fn a_death_after_any_request_leaves_what_imports_and_the_next_sync_ends_the_work() {
    dies(Fate::Unanswered, "unanswered", &AFTER);
}

#[test]
fn what_a_sync_wrote_before_it_died_is_still_ours_when_the_files_have_changed_since() {
    dies(Fate::Unanswered, "later", &LATER);
}
