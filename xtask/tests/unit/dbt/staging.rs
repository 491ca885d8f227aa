use super::*;

const ZOO: &str = "
source: zoo
base_url: http://zoo.example
collections:
  animals:
    path: /a
    key: id
    doc: One row an animal.
    columns: {id: {type: integer, doc: key}, run_id: {type: integer, doc: a run}}
    children:
      meals: {at: meals, parent_key: animal_id, doc: m, columns: {id: {type: json, doc: m}}}
";

#[test]
fn every_table_has_a_model_of_its_live_rows_with_tests_of_the_key() {
    let contract = Contract::parse(ZOO, "zoo.yaml").expect("good");
    let files = staging(&contract);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let [animals, meals] = ["stg_zoo__animals", "stg_zoo__meals"];
    let wanted = [animals, meals].map(|name| [format!("{name}.sql"), format!("{name}.yml")]).concat();
    assert_eq!(names, wanted);
    let columns = "
        id as animal_id,
        run_id,
        _run_id as load_run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
";
    assert!(files[0].1.contains("source('zoo', 'animals')") && files[0].1.contains(columns), "{}", files[0].1);
    assert!(
        files[1].1.contains(
            "      - name: animal_id
        description: \"key\"
        data_tests: [not_null, unique]\n"
        ),
        "{}",
        files[1].1
    );
    assert!(files[2].1.contains("        animal_id,\n        position,\n        id as meal_id,\n"), "{}", files[2].1);
    assert!(
        files[3].1.contains("of_columns: {arguments: {combination_of_columns: [animal_id, position]}}"),
        "{}",
        files[3].1
    );
}
