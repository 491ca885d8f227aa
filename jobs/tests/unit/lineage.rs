//! Tests the events of both jobs.

use super::*;

const ZOO: &str = "
source: zoo
base_url: http://zoo.example
collections:
  animals:
    path: /v1/animals
    key: id
    doc: One row an animal.
    columns: {id: {type: integer, doc: Number.}, name: {type: string(9), doc: Name.}}
    children:
      meals: {at: meals, parent_key: animal_id, doc: A meal., columns: {food: {type: string(9), doc: What.}}}
  tickets: {path: /t, key: id, doc: t, columns: {id: {type: integer, doc: i}}}
";

fn names(datasets: &Value) -> Vec<String> {
    let name = |dataset: &Value| format!("{} {}", dataset["namespace"], dataset["name"]).replace('"', "");
    datasets.as_array().expect("datasets").iter().map(name).collect()
}

fn with_subject<T>(lake_url: &str, test: impl FnOnce(Subject<'_>) -> T) -> T {
    let contract = Contract::parse(ZOO, "zoo.yaml").expect("good");
    let run = "r1".parse().expect("run id");
    test(Subject { namespace: "dpworld", contract: &contract, collections: vec!["animals"], run: &run, lake_url })
}

#[test]
fn copy_reads_what_transformation_writes() {
    let (transformation, copy) = with_subject("s3://lake", |subject| {
        let warehouse = "redshift://workgroup/dev";
        (subject.transformation(Some("http://zoo.example")), subject.copy(warehouse, Some("eu-west-1")))
    });
    let (one, two) = (transformation.event(State::Start, "t"), copy.event(State::Start, "t"));
    assert_eq!(names(&one["inputs"]), ["http://zoo.example /v1/animals"]);
    assert_eq!(names(&one["outputs"]), ["s3://lake processed/zoo/animals", "s3://lake processed/zoo/meals"]);
    assert_eq!(names(&two["inputs"]), names(&one["outputs"]));
    let redshift = "redshift://workgroup.eu-west-1:5439 dev.zoo";
    assert_eq!(names(&two["outputs"]), [format!("{redshift}.animals"), format!("{redshift}.meals")]);
    let types: Vec<&Value> = two["outputs"][0]["facets"]["schema"]["fields"]
        .as_array()
        .expect("fields")
        .iter()
        .map(|field| &field["type"])
        .collect();
    assert_eq!(types, ["bigint", "varchar(9)", "super", "varchar(32)", "varchar(64)", "timestamp", "timestamp"]);
}

#[test]
fn a_replay_reads_the_lake() {
    let events = with_subject("file:///lake", |subject| subject.transformation(None));
    assert_eq!(names(&events.event(State::Abort, "t")["inputs"]), ["file /lake/raw/zoo/animals"]);
}

#[test]
fn a_run_has_one_uuid_and_two_jobs_of_it_have_two() {
    let [one, again, copy] = with_subject("s3://lake", |subject| {
        [subject.transformation(None), subject.transformation(None), subject.copy("postgres://h/d", None)]
            .map(|events| events.run_id)
    });
    assert_eq!(one, again);
    assert_ne!(one, copy);
    assert_eq!(uuid(&["dpworld", "zoo.copy", "r1", "animals"]), copy, "some of the collections");
    let whole = with_subject("s3://lake", |subject| {
        Subject { collections: vec!["animals", "tickets"], ..subject }.copy("postgres://h/d", None).run_id
    });
    assert_eq!(uuid(&["dpworld", "zoo.copy", "r1"]), whole);
    let bytes = one.as_bytes();
    assert_eq!((one.len(), bytes[14], "89ab".contains(char::from(bytes[19]))), (36, b'8', true));
}

#[test]
fn a_finished_run_has_statistics_and_a_failed_one_its_error() {
    let events = with_subject("s3://lake", |subject| subject.transformation(None));
    let written = BTreeMap::from([("meals".to_owned(), Written { rows: 3, bytes: Some(9), files: Some(1) })]);
    let done = events.event(State::Complete(&written), "t");
    let statistics = &done["outputs"][1]["outputFacets"]["outputStatistics"];
    assert_eq!(
        (&statistics["rowCount"], &statistics["size"], &statistics["fileCount"]),
        (&json!(3), &json!(9), &json!(1))
    );
    assert_eq!(done["outputs"][0]["outputFacets"], json!({}));
    let failed = events.event(State::Fail("`http://me:secret@host/x?key=secret` answered 500"), "t");
    assert_eq!(failed["run"]["facets"]["errorMessage"]["message"], "`http://host/x` answered 500");
}
