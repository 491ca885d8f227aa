use super::*;

const ZOO: &str = "
source: zoo
base_url: http://zoo.example
collections:
  animals:
    path: /a
    key: id
    doc: One row an animal.
    columns:
      id: {type: integer, doc: key}
      name: {type: string(9), required: true, unique: true, values: [Ada], doc: n}
      keeper_id: {type: integer, references: animals.id, known_gaps: 2, unit: m, doc: who}
      hidden: {type: integer, doc: '{{ env_var(PASSWORD) }} {% {'}
    children:
      meals: {at: meals, parent_key: animal_id, doc: m, columns: {meal: {at: ., type: json, doc: m}}}
";

#[test]
fn each_rule_of_the_contract_becomes_its_test() {
    let contract = Contract::parse(ZOO, "zoo.yaml").expect("good");
    let yaml = sources(&contract, "zoo.yaml");
    for expected in [
        "from zoo.yaml, do not edit",
        "- name: id\n            description: \"key\"\n            data_type: bigint\n          - name: name\n",
        "- unique: {config: {where: \"_deleted_at is null\"}}\n",
        ".get('zoo', var('max_load_age_hours')) }}\"\n          period: hour\n        error_after: *max_load_age\n",
        "arguments: {values: [\"Ada\"]}\n                  config: {where: \"_deleted_at is null\", severity: warn}",
        "\"who Unit: m.\"",
        "\"{{ '{' }}{{ '{' }} env_var(PASSWORD) }} {{ '{' }}% {{ '{' }}\"",
        "arguments: {to: \"source('zoo', 'animals')\", field: id}\n                  config: {where: \"_deleted_at is null\", warn_if: \">2\"}",
        "name: source_relationships_zoo_meals_animal_id",
        "data_type: super",
        "- name: _deleted_at",
    ] {
        assert!(yaml.contains(expected), "{expected}\n---\n{yaml}");
    }
}
