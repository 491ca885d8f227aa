//! Kills fifty load processes with SIGKILL at times spread over a load from S3 through the emulated Data API. For every
//! third one, each write to S3 has a fault as well, in the killed process and in the next one.

use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::Bucket;
use crate::support::database::Role;
use crate::support::program::Program;
use crate::support::proxy::{Fault, Proxy};
use crate::support::workgroup::workgroup_with_s3;
use crate::support::zoo::{Zoo, animals};

const KILLS: u32 = 50;
const FAULTS: [Fault; 5] =
    [Fault::FailedAfter, Fault::ResetAfter, Fault::ResetBefore, Fault::Conflict, Fault::SlowDown];

#[test]
fn after_fifty_killed_loads_every_run_is_loaded_exactly_once() {
    let (zoo, bucket) = (Zoo::stocked(), Bucket::fresh("killed"));
    let api = workgroup_with_s3(zoo.database(), true, &bucket.endpoint);
    let load = |run: &str, endpoint: &str| -> Program {
        bucket.redshift_load(&zoo, run, &api, endpoint).option("--collections", "animals")
    };
    let copy = |run: &str| load(run, &bucket.endpoint);
    let transform = |run: &str, names: &[(u32, &str)]| {
        zoo.set("animals", &animals(names));
        bucket.transformation(&zoo, run).option("--collections", "animals").run().done();
    };
    let sets: [&[(u32, &str)]; 2] = [&[(1, "Ada"), (2, "Bo"), (3, "Cy")], &[(1, "Ida"), (2, "Bo"), (4, "Di")]];
    transform("r0", sets[0]);
    copy("r0").run().done();
    transform("r1", sets[1]);
    let whole = copy("r1").run();
    whole.done();

    let (mut killed, mut ended) = (0, 0);
    // The duration of a load depends on the load of the machine: some loads finish before the signal.
    let mut took = whole.took;
    for number in 0..KILLS {
        let (run, names) = (format!("k{number}"), sets[usize::from(number % 2 == 1)]);
        transform(&run, names);
        let fault = (number % 3 == 0).then(|| FAULTS[number as usize / 3 % FAULTS.len()]);
        let [first, next] = [(); 2].map(|()| Proxy::always(fault, &bucket.endpoint));
        let running = load(&run, &first.endpoint).start();
        sleep(took.mul_f64(f64::from(number) / f64::from(KILLS)) + Duration::from_millis(1));
        running.signal(Signal::SIGKILL);
        match running.wait().status.code() {
            None => (killed, took) = (killed + 1, took.mul_f64(1.03)),
            Some(_) => (ended, took) = (ended + 1, took.mul_f64(0.8)),
        }
        load(&run, &next.endpoint).run().done();
        api.until_idle();
        let session = zoo.database().session(Role::Postgres);
        let sql = "SELECT concat_ws(' ', count(*), count(DISTINCT run_id), max(seq), (SELECT max(seq) FROM etl.heads)) \
                   FROM etl.runs";
        let runs = number + 3;
        assert_eq!(session.text(sql), format!("{runs} {runs} {runs} {runs}"), "the ledger after kill {number}");
        let rows = session.texts("SELECT id || ' ' || name FROM zoo.animals WHERE _deleted_at IS NULL ORDER BY id");
        if fault.is_some() {
            assert_eq!(copy(&run).run().done()["outcome"], "already_committed");
        }
        let expected: Vec<String> = names.iter().map(|(id, name)| format!("{id} {name}")).collect();
        assert_eq!(rows, expected, "the animals after kill {number}");
    }
    assert!(killed > ended, "{killed} killed in time, {ended} too late");
}
