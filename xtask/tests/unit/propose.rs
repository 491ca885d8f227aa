use contract::Type;

use super::*;

fn response(origin: &str, text: &str) -> Response {
    let url = origin.contains("://").then(|| origin.to_owned());
    Response { origin: origin.to_owned(), text: text.to_owned(), url, next: None }
}

fn proposed_with(files: &[(&str, &str)], keys: &[&str]) -> Result<Proposal, String> {
    let samples = sampled(files.iter().map(|(name, text)| response(name, text)).collect())?;
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    let proposal = propose(&samples, &Wishes { source: "zoo".to_owned(), keys, headers: Vec::new() })?;
    // Whatever is proposed fits the samples that it was proposed from.
    assert_eq!(drift(&proposal.contract, samples)?, Vec::<String>::new(), "{}", proposal.text);
    Ok(proposal)
}

fn proposed(files: &[(&str, &str)]) -> Proposal {
    proposed_with(files, &[]).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Returns the columns of one collection's records, such as `id: integer`, after the key `id`.
fn columns(fields: &[&str]) -> Vec<String> {
    let record = |(id, fields): (usize, &&str)| format!("{{\"id\": {id}, {fields}}}");
    let records: Vec<String> = fields.iter().enumerate().map(record).collect();
    let proposal = proposed(&[("animals.json", &format!("[{}]", records.join(",")))]);
    let tables = proposal.contract.tables();
    let shown = tables.iter().flat_map(|table| table.columns.iter().filter(|column| column.path.is_some()));
    shown
        .skip(1)
        .map(|column| {
            let at = column.path.filter(|path| *path != column.name).map(|path| format!(" at {path}"));
            let unit = column.unit.map(|unit| format!(" in {unit}"));
            format!("{}: {}{}{}", column.name, column.kind, at.unwrap_or_default(), unit.unwrap_or_default())
        })
        .collect()
}

fn column(values: &[&str]) -> String {
    let fields: Vec<String> = values.iter().map(|value| format!("\"x\": {value}")).collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    columns(&fields).join(", ").trim_start_matches("x: ").to_owned()
}

#[test]
fn a_column_has_the_narrowest_type_of_all_its_values() {
    for (values, kind) in [
        (&["1", "-2"][..], "integer"),
        (&["1", "2.5"], "double"),
        (&["1.0"], "double"),
        (&["1e3", "null"], "double"),
        (&["9223372036854775807"], "integer"),
        (&["9223372036854775808"], "json"),
        (&["123456789012345678901234567890"], "json"),
        (&["9007199254740993", "0.5"], "json"),
        (&["9007199254740993.0"], "json"),
        (&["1e400"], "json"),
        (&["true", "false"], "boolean"),
        (&["true", "1"], "json"),
        (&["\"1\"", "1"], "json"),
        (&["\"12\""], "string(32)"),
        (&["\"\"", "7"], "integer"),
        (&["\"\"", "\" \""], "string(32)"),
        (&["null", "null"], "json"),
        (&["[]"], "json"),
        (&["[1, 2]"], "json"),
        (&["[[{\"a\": 1}]]"], "json"),
        (&["{}"], "json"),
        (&["{\"a\": 1}", "7"], "json"),
        (&["{\"a\": 1}", "\"\""], "json"),
        (&["{\"a.b\": 1}"], "json"),
        (&["{\"2020\": 1, \"2021\": 2, \"2022\": 3}"], "json"),
        (&["\"2031-02-28\""], "date"),
        (&["\"2031-02-30\""], "string(32)"),
        (&["\"2031-02-28\"", "\"2031-02-28T10:00:00Z\""], "string(64)"),
        (&["\"2031-02-28T10:00:00Z\"", "\"2031-02-28 10:00:00.123456789+05:30\""], "timestamp"),
        (&["\"2031-02-28T10:00:00\"", "\"\""], "timestamp"),
        (&["\"2031-02-28T10:00:00-0330\""], "timestamp"),
        (&["\"2031-02-28T10:00:00+15:00\""], "string(64)"),
        (&["\"2031-02-28T24:00:00Z\""], "string(64)"),
        (&["\"2031-02-28T10:00:00.Z\""], "string(64)"),
        (&["\"2031-02-28T10:00\""], "string(32)"),
        (&["\"héhéhéhéhéhéhéhé\""], "string(64)"),
    ] {
        assert_eq!(column(values), kind, "{values:?}");
    }
    let long = format!("\"{}\"", "a".repeat(40_000));
    assert_eq!(column(&[&long]), "string(65535)");
}

#[test]
fn nested_objects_become_columns_with_legal_unique_names() {
    let fields = r#""A": {"b": {"C d": 1}}, "a_b_c_d": 2, "user": "x", "ctid": "x", "größe": 3, "2d": 4, "_x": 5, "": 6, "p.q": 7,
        "infoURL": "u", "名前": "n", "mass_kg": 1.5, "name_kg": "x", "ageMin": 3"#;
    let wanted = [
        "a_b_c_d: integer at A.b.C d",
        "a_b_c_d_2: integer at a_b_c_d",
        "user_value: string(32) at user",
        "ctid_value: string(32) at ctid",
        "gr_e: integer at größe",
        "field_2d: integer at 2d",
        "x: integer at _x",
        "info_url: string(32) at infoURL",
        "field: string(32) at 名前",
        "mass_kg: double in kg",
        "name_kg: string(32)",
        "age_min: integer at ageMin in min",
    ];
    // Names of nested fields are read in order, so `""` and `p.q` stay in `_extra`.
    let samples = sampled(vec![response("a.json", &format!("[{{\"id\": 1, {fields}}}]"))]).expect("JSON");
    let wishes = Wishes { source: "zoo".to_owned(), ..Wishes::default() };
    let proposal = propose(&samples, &wishes).expect("a proposal");
    let shown = drift(&proposal.contract, samples).expect("comparable");
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert_eq!(proposal.notes.iter().filter(|note| note.contains("stays in `_extra`")).count(), 2);
    assert_eq!(columns(&[&fields.replace(r#""": 6, "p.q": 7,"#, "")]), wanted);
}

#[test]
fn long_names_lose_their_first_words() {
    let fields = r#""alpha_beta_gamma": {"delta_epsilon_zeta": {"eta_theta_iota_kappa": {"length": 1}}}"#;
    let at = "alpha_beta_gamma.delta_epsilon_zeta.eta_theta_iota_kappa.length";
    assert_eq!(columns(&[fields]), [format!("delta_epsilon_zeta_eta_theta_iota_kappa_length: integer at {at}")]);
    let name = "x".repeat(60);
    assert_eq!(columns(&[&format!("\"{name}\": 1")]), [format!("{}: integer at {name}", "x".repeat(46))]);
}

#[test]
fn a_map_with_many_keys_is_json_but_a_wide_object_is_not() {
    let object = |fields: &mut dyn Iterator<Item = usize>| {
        format!("\"x\": {{{}}}", fields.map(|n| format!("\"k{n}\": {n}")).collect::<Vec<_>>().join(","))
    };
    let sparse: Vec<String> = (0..50).map(|n| object(&mut std::iter::once(n))).collect();
    assert_eq!(columns(&sparse.iter().map(String::as_str).collect::<Vec<_>>()), ["x: json"]);
    assert_eq!(columns(&[&object(&mut (0..50))]).len(), 50);
}

#[test]
fn lists_of_objects_are_child_tables_and_other_lists_json() {
    let first = r#""cubs": [{"name": "Ada", "position": 1, "animal_id": 9, "toys": [{"a": 1}]}, {"name": null}], "tags": ["a"],
        "home": {"rooms": [{"size": {"m": 2}}]}, "mixed": [{"a": 1}, 2], "holes": [{"a": 1}, null]"#;
    let proposal = proposed(&[("animals.json", &format!("[{{\"id\": 1, {first}}}, {{\"id\": 2, \"cubs\": []}}]"))]);
    let animals = &proposal.contract.collections["animals"];
    let kinds: Vec<String> = animals.columns.iter().map(|(name, column)| format!("{name}: {}", column.kind)).collect();
    assert_eq!(kinds, ["id: integer", "tags: json", "mixed: json", "holes: json"]);
    let cubs = &animals.children["animal_cubs"];
    assert_eq!((cubs.at.as_str(), cubs.parent_key.as_str()), ("cubs", "animal_id"));
    assert_eq!(cubs.columns.keys().collect::<Vec<_>>(), ["name", "position_2", "animal_id_2", "toys"]);
    assert_eq!(animals.children["animal_home_rooms"].columns["size_m"].path(""), "size.m");
}

#[test]
fn the_records_are_found_in_every_usual_envelope() {
    for (text, at) in [
        (r#"[{"id": 1}]"#, None),
        (r#"{"count": 1, "next": null, "results": [{"id": 1}]}"#, Some("results")),
        (r#"{"data": {"items": [{"id": 1}]}, "meta": {"page": 1}}"#, Some("data.items")),
        (r#"{"animals": [{"id": 1}], "generated": "now"}"#, Some("animals")),
        (r#"{"_embedded": {"animals": [{"id": 1}]}, "_links": {"self": {"href": "/a"}}}"#, Some("_embedded.animals")),
        (r#"{"total": 1, "errors": [], "value": [{"id": 1}]}"#, Some("value")),
        (r#"{"facets": [{"name": "x"}], "data": [{"id": 1}]}"#, Some("data")),
        (r#"{"response": {"docs": [{"id": 1}], "numFound": 1}}"#, Some("response.docs")),
    ] {
        let proposal = proposed(&[("animals.json", text)]);
        let animals = &proposal.contract.collections["animals"];
        assert_eq!(animals.request.records_at.as_deref(), at, "{text}");
        assert_eq!((animals.answer, animals.columns.len()), (contract::Answer::List, 1), "{text}");
    }
    for text in [r#"{"id": 1, "items": [{"id": 2}]}"#, r#"{"id": 1, "name": "Zoo"}"#] {
        let proposal = proposed(&[("zoo.json", text)]);
        assert_eq!(proposal.contract.collections["zoo"].answer, contract::Answer::Object, "{text}");
    }
    let lines = "{\"id\": 1}\n\n{\"id\": 2, \"a\": true}\n";
    for name in ["animals.json", "animals.ndjson"] {
        let proposal = proposed(&[(name, lines)]);
        assert_eq!(proposal.contract.collections["animals"].request.format, Some(contract::Format::Ndjson));
        assert_eq!(proposal.collections[0].records, 2);
    }
}

/// Returns the paginator, the path of the total, and that of has-more.
fn paging(pages: &[(&str, &str)]) -> String {
    let proposal = proposed(pages);
    let request = &proposal.contract.collections["a"].request;
    let paginator = request.paginator.as_ref().map(|paginator| serde_json::to_string(paginator).expect("JSON"));
    let paths = [&request.total_path, &request.has_more_path].map(|path| path.as_deref().unwrap_or("-").to_owned());
    format!("{} {}", paginator.unwrap_or_default().replace('"', ""), paths.join(" "))
}

#[test]
fn the_envelope_or_the_url_shows_how_pages_are_requested() {
    let (first, second) = (r#"{"count": 2, "next": "http://h/a?p=2", "results": [{"id": 1}]}"#, "");
    assert_eq!(paging(&[("a.json", first)]), "{type:json_link,next_url_path:next} count -", "{second}");
    for (name, text, wanted) in [
        ("a.json", r#"{"next": null, "results": [{"id": 1}]}"#, "{type:json_link,next_url_path:next} - -"),
        ("a.json", r#"{"count": 1, "data": [{"id": 1}]}"#, " count -"),
        ("a.json", r#"{"count": 7, "data": [{"id": 1}]}"#, " - -"),
        (
            "a.json",
            r#"{"links": {"next": "/a?c=1", "prev": null}, "data": [{"id": 1}]}"#,
            "{type:json_link,next_url_path:links.next} - -",
        ),
        (
            "a.json",
            r#"{"_links": {"next": {"href": "/a?c=1"}}, "items": [{"id": 1}]}"#,
            "{type:json_link,next_url_path:_links.next.href} - -",
        ),
        (
            "a.json",
            r#"{"meta": {"next_cursor": "x", "has_more": true}, "items": [{"id": 1}]}"#,
            "{type:cursor,cursor_path:meta.next_cursor,cursor_param:cursor} - meta.has_more",
        ),
        (
            "a.json",
            r#"{"nextPageToken": "x", "items": [{"id": 1}]}"#,
            "{type:cursor,cursor_path:nextPageToken,cursor_param:pageToken} - -",
        ),
        (
            "a.json",
            r#"{"page": 1, "totalPages": 3, "totalDocs": 3, "hasNextPage": true, "docs": [{"id": 1}]}"#,
            "{type:page_number,page_param:page,base_page:1} totalDocs hasNextPage",
        ),
        (
            "a.json",
            r#"{"offset": 0, "limit": 5, "total": 9, "items": [{"id": 1}]}"#,
            "{type:offset,limit:5,limit_param:limit,offset_param:offset} total -",
        ),
        ("http://h/v1/a?page=0&size=5", r#"[{"id": 1}]"#, "{type:page_number,page_param:page,base_page:0} - -"),
        (
            "http://h/a?$skip=0&limit=5",
            r#"[{"id": 1}]"#,
            "{type:offset,limit:5,limit_param:limit,offset_param:$skip} - -",
        ),
    ] {
        assert_eq!(paging(&[(name, text)]), wanted, "{text}");
    }
}

#[test]
fn a_total_is_the_number_of_all_records() {
    let page = |count: u64, next: &str, id: u64| {
        format!(r#"{{"count": {count}, "next": {next}, "results": [{{"id": {id}}}]}}"#)
    };
    let both = |one: String, two: String| paging(&[("a-1.json", &one), ("a-2.json", &two)]);
    let link = "{type:json_link,next_url_path:next}";
    assert_eq!(both(page(2, "\"/a?2\"", 1), page(2, "null", 2)), format!("{link} count -"));
    assert_eq!(both(page(9, "\"/a?2\"", 1), page(9, "\"/a?3\"", 2)), format!("{link} count -"), "not all pages");
    assert_eq!(both(page(9, "\"/a?2\"", 1), page(9, "null", 2)), format!("{link} - -"), "all pages, and 7 are missing");
    assert_eq!(both(page(1, "\"/a?2\"", 1), page(1, "null", 2)), format!("{link} - -"), "the count of a page");
}

#[test]
fn a_link_header_is_a_paginator() {
    let mut found = response("https://h/v1/a?per_page=100", r#"[{"id": 1}]"#);
    found.next = Some("https://h/v1/a?per_page=100&page=2".to_owned());
    let samples = sampled(vec![found]).expect("JSON");
    let proposal = propose(&samples, &Wishes { source: "zoo".to_owned(), ..Wishes::default() }).expect("a proposal");
    assert!(proposal.text.contains("paginator: {type: header_link, links_next_key: next}"), "{}", proposal.text);
    assert!(proposal.text.contains("query: {per_page: 100}"), "{}", proposal.text);
}

#[test]
fn urls_give_the_base_url_and_the_paths() {
    let one = r#"[{"id": 1}]"#;
    let proposal = proposed(&[("https://h:8443/v1/zoo/animals/?format=json", one), ("https://h:8443/v1/keepers", one)]);
    let contract = &proposal.contract;
    let paths: Vec<&str> = contract.collections.values().map(|collection| collection.path.as_str()).collect();
    assert_eq!((contract.base_url.as_str(), paths), ("https://h:8443/v1", vec!["/zoo/animals/", "/keepers"]));
    let next = r#"{"next": "https://h/v2/animals?limit=5&cursor=abc&api_key=hush", "results": [{"id": 1}]}"#;
    let proposal = proposed(&[("animals.json", next)]);
    assert_eq!(proposal.contract.base_url, "https://h/v2");
    assert!(proposal.text.contains("query: {limit: 5}") && !proposal.text.contains("hush"), "{}", proposal.text);
    let problem = proposed_with(&[("https://one/a", one), ("https://two/b", one)], &[]).expect_err("two hosts");
    assert!(problem.contains("https://one and https://two"), "{problem}");
    let proposal = proposed(&[("animals.json", one)]);
    assert_eq!(proposal.notes, ["animals: its URL is not known; edit its `path`", "no URL is known; edit `base_url`"]);
}

#[test]
fn files_are_pages_of_one_collection_if_only_a_number_differs() {
    let names = |files: &[&str]| {
        let responses = files.iter().enumerate().map(|(id, name)| response(name, &format!("[{{\"id\": {id}}}]")));
        let samples = sampled(responses.collect()).expect("JSON");
        samples.iter().map(|sample| format!("{} {}", sample.name, sample.pages.len())).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(names(&["s/a-1.json", "s/a-2.json", "s/b.json"]), "a 2, b 1");
    assert_eq!(names(&["s/Big Cats.page10.json", "s/Big Cats.page9.json"]), "big_cats 2");
    assert_eq!(names(&["s/animals/1.json", "s/animals/2.json", "s/keepers/page-1.json"]), "animals 2, keepers 1");
    assert_eq!(names(&["s/covid19.json", "s/homepage1.json", "s/homepage2.json"]), "covid19 1, homepage 2");
}

#[test]
fn the_key_has_a_usual_name_and_is_unique_and_never_null() {
    let key = |records: &str, keys: &[&str]| {
        let proposal = proposed_with(&[("animals.json", records)], keys)?;
        let key = proposal.contract.collections["animals"].key.clone();
        assert!(proposal.contract.collections["animals"].columns[&key].required);
        Ok::<_, String>(key)
    };
    for (records, wanted) in [
        (r#"[{"name": "a", "id": 1}, {"name": "b", "id": 2}]"#, "id"),
        (r#"[{"_id": "x", "name": "a"}, {"_id": "y", "name": "b"}]"#, "id"),
        (r#"[{"id": 1, "uuid": "a"}, {"id": 1, "uuid": "b"}]"#, "uuid"),
        (r#"[{"name": "a", "animalId": 1}, {"name": "b", "animalId": 2}]"#, "animal_id"),
        (r#"[{"id": null, "name": "a"}, {"id": 2, "name": "b"}]"#, "name"),
    ] {
        assert_eq!(key(records, &[]).as_deref(), Ok(wanted), "{records}");
    }
    let records = r#"[{"code": "a", "size": 1}, {"code": "b", "size": 1}]"#;
    assert_eq!(key(records, &["code"]).as_deref(), Ok("code"));
    assert_eq!(key(records, &["animals.code", "keepers.id"]).as_deref(), Ok("code"));
    for (keys, problem) in [
        (&[][..], "no column with the name of a key is unique and never null; `code` would be unique"),
        (&["size"], "`size` has 1 different values in 2 records"),
        (&["weight"], "there is no column `weight`"),
    ] {
        let found = key(records, keys).expect_err("no key");
        assert!(found.starts_with("animals: ") && found.contains(problem), "{found}");
    }
}

#[test]
fn columns_refer_to_the_collection_that_has_all_their_values() {
    let animals = r#"[{"id": 1, "keeper_id": "k2", "keeper": {"id": "k1"}, "zone": 7, "friend_id": 1, "size": 1}]"#;
    let keepers = r#"[{"id": "k1"}, {"id": "k2"}]"#;
    let proposal = proposed(&[("animals.json", animals), ("keepers.json", keepers), ("zones.json", r#"[{"id": 7}]"#)]);
    let columns = &proposal.contract.collections["animals"].columns;
    let found = columns.iter().filter_map(|(name, column)| Some(format!("{name} {}", column.references.as_ref()?)));
    assert_eq!(found.collect::<Vec<_>>(), ["keeper_id keepers.id", "keeper_id_2 keepers.id", "zone zones.id"]);
}

#[test]
fn columns_are_required_only_if_many_records_have_them() {
    let records = |count: usize| {
        let record = |id| {
            format!(
                r#"{{"id": {id}, "kind": "{}", "seen": null, "updated_at": "2031-01-01T00:00:00Z"}}"#,
                ["a", "b"][id % 2]
            )
        };
        format!("[{}]", (0..count).map(record).collect::<Vec<_>>().join(","))
    };
    let (few, many) = (proposed(&[("a.json", &records(19))]), proposed(&[("a.json", &records(60))]));
    let required = |proposal: &Proposal| {
        let columns = proposal.contract.collections["a"].columns.iter();
        columns.filter(|(_, column)| column.required).map(|(name, _)| name.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((required(&few).as_str(), required(&many).as_str()), ("id", "id kind updated_at"));
    assert!(many.text.contains("# all 60 records; values: \"a\", \"b\"\n"), "{}", many.text);
    assert!(many.text.contains("# 0 of 60 records; always null\n"), "{}", many.text);
    // The proposal for changes is a comment, and would be legal.
    let active = many.text.replace("# incremental:", "incremental:");
    let contract = Contract::parse(&active, "zoo.yaml").expect("legal");
    assert_eq!(
        contract.collections["a"].incremental.as_ref().map(|changes| changes.cursor.as_str()),
        Some("updated_at")
    );
}

#[test]
fn samples_without_records_or_json_are_refused() {
    for (text, problem) in [
        ("[]", "a: the samples have no records"),
        (r#"{"results": [], "count": 0}"#, "a: the samples have no records"),
        ("<html>", "`a.json` is not JSON"),
        ("", "a: the samples have no records"),
        ("[1, 2]", "no list of objects"),
        (r#"{"id": 1} {"#, "is not JSON"),
    ] {
        let found = proposed_with(&[("a.json", text)], &[]).expect_err(text);
        assert!(found.contains(problem), "{text}: {found}");
    }
    let pages = [("a-1.json", r#"{"results": [{"id": 1}]}"#), ("a-2.json", r#"[{"id": 2}]"#)];
    let found = proposed_with(&pages, &[]).expect_err("different envelopes");
    assert!(found.contains("`a-2.json` has no list of objects at `results`"), "{found}");
}

#[test]
fn a_contract_is_compared_with_newer_samples() {
    let contract = "\
source: zoo
base_url: http://zoo.example
collections:
  animals:
    path: /v1/beasts
    request: {records_at: results}
    key: id
    doc: d
    columns:
      id: {type: integer, doc: d}
      name: {type: string(3), required: true, doc: d}
      born: {type: date, doc: d}
      home_room: {at: home.room, type: integer, doc: d}
      tail: {type: boolean, doc: d}
      extra: {type: json, doc: d}
      phone: {type: string(3), personal: mask, doc: d}
    children:
      animal_cubs: {at: cubs, parent_key: animal_id, doc: d, columns: {name: {type: string(9), doc: d}}}
      animal_tags: {at: tags, parent_key: animal_id, doc: d, columns: {label: {at: ., type: string(2), doc: d}}}
";
    let contract = Contract::parse(contract, "zoo.yaml").expect("good");
    let compared = |name: &str, text: &str| {
        drift(&contract, sampled(vec![response(name, text)]).expect("JSON")).expect("comparable")
    };
    let fits = r#"{"results": [{"id": 1, "name": "Ada", "born": null, "home": null, "tail": true, "extra": [1], "phone": "long", "cubs": null, "tags": ["a"]}]}"#;
    assert_eq!(compared("animals.json", fits), Vec::<String>::new());
    assert_eq!(compared("beasts.json", fits), Vec::<String>::new(), "the name in the path");
    let differs = r#"{"results": [
        {"id": 1.5, "name": "Adam", "born": "soon", "home": {"door": {"x": 1}}, "cubs": [{"age": 1}], "extra": 1, "phone": 7, "tags": ["abc"]},
        {"id": null, "name": "", "born": "2031-01-01", "wings": 2}]}"#;
    assert_eq!(
        compared("animals.json", differs),
        [
            "animals.id: 1 × number that is not an integer",
            "animals.id: null or missing in 1 of 2 records, but required",
            "animals.name: a value has 4 bytes, but the column is a string(3)",
            "animals.name: null or missing in 1 of 2 records, but required",
            "animals.born: 1 × text that is not a date",
            "animals.home_room: no record has the field `home.room`",
            "animals.tail: no record has the field `tail`",
            "animals.phone: 1 × number, but the column is a string(3)",
            "animals: the contract has no column for `home.door.x` (integer, 1 values)",
            "animals: the contract has no column for `wings` (integer, 1 values)",
            "animal_cubs.name: no record has the field `name`",
            "animal_cubs: the contract has no column for `age` (integer, 1 values)",
            "animal_tags.label: a value has 3 bytes, but the column is a string(2)",
        ]
    );
    assert_eq!(compared("plants.json", "[{\"id\": 1}]"), ["plants: the contract has no such collection"]);
}

#[test]
fn random_records_always_give_a_contract_that_they_fit() {
    // A linear congruential generator: the same records in every run.
    let mut state = 7_u64;
    let mut next = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let names =
        ["id", "name", "user", "From", "x y", "x_y", "größe", "position", "a1", "updated_at", "0", "yes", "null", "é"];
    let scalars = [
        "null",
        "true",
        "0",
        "-1",
        "9007199254740993",
        "1e2",
        "0.1",
        "1e-400",
        "\"\"",
        "\"ü\"",
        "\"2031-01-01\"",
        "\"2031-01-01T00:00:00Z\"",
        "99999999999999999999",
        "\"a: #\\n'{}\\\"\"",
        "[]",
        "{}",
    ];
    fn value(next: &mut dyn FnMut(u64) -> u64, names: &[&str], scalars: &[&str], depth: u64) -> String {
        let inner = |next: &mut dyn FnMut(u64) -> u64| value(next, names, scalars, depth + 1);
        match next(if depth > 3 { 6 } else { 9 }) {
            6 => format!("[{}]", (0..next(3)).map(|_| inner(next)).collect::<Vec<_>>().join(",")),
            7..=8 => {
                let start = next(names.len() as u64);
                let fields = (0..next(6)).map(|n| {
                    let name = names[usize::try_from((start + n) % names.len() as u64).expect("small")];
                    format!("\"{name}\": {}", inner(next))
                });
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            }
            _ => scalars[usize::try_from(next(scalars.len() as u64)).expect("small")].to_owned(),
        }
    }
    for round in 0..300 {
        let record = |next: &mut dyn FnMut(u64) -> u64, id: u64| {
            let fields = (0..10).map(|n| format!("\"f{n}\": {}", value(next, &names, &scalars, 0)));
            format!("{{\"id\": {id}, {}}}", fields.collect::<Vec<_>>().join(","))
        };
        let count = 1 + round % 30;
        let records: Vec<String> = (0..count).map(|id| record(&mut next, id)).collect();
        let proposal = proposed(&[("animals.json", &format!("[{}]", records.join(",")))]);
        assert!(matches!(proposal.contract.collections["animals"].columns["id"].kind, Type::Integer));
    }
}
