use super::*;

/// Returns a source with collections of these names, and the problem with its groups.
fn problem(request: &str, names: &[&str], groups: &[&[&str]]) -> Option<String> {
    let one = |name: &&str| {
        let column = "id: {type: integer, required: true, doc: d.}";
        format!("  {name}: {{path: /{name}, key: id, doc: d., columns: {{{column}}}}}\n")
    };
    let collections: String = names.iter().map(one).collect();
    let text = format!("source: zoo\nbase_url: http://zoo.example\nrequest: {request}\ncollections:\n{collections}");
    let contract = Contract::parse(&text, "zoo.yaml").expect("a contract");
    let own = crate::settings::Document { file: "dev.yaml", text: include_str!("../../../../infra/settings/dev.yaml") };
    let variables = crate::settings::Variables::new();
    let mut settings = crate::settings::resolve("dev", own, None, &variables).expect("no problems").settings;
    let groups = groups.iter().map(|group| group.iter().map(|name| (*name).to_owned()).collect()).collect();
    settings.sources.insert("zoo".to_owned(), Source { groups: Some(groups), ..Source::default() });
    settings.ingestion(Some("zoo")).expect("the source").problem_with_groups(&contract)
}

/// All ways to assign three collections to up to three groups, or to none.
#[test]
fn exactly_the_partitions_of_the_collections_are_accepted() {
    let names = ["a", "b", "c"];
    let mut accepted = 0;
    for membership in 0..(1_u32 << 9) {
        let in_group = |group: u32, name: u32| membership >> (3 * group + name) & 1 == 1;
        let groups =
            (0..3).map(|group| (0..3).filter(|name| in_group(group, *name)).map(|name| names[name as usize]).collect());
        let groups: Vec<Vec<&str>> = groups.collect();
        let once = (0..3).all(|name| (0..3).filter(|group| in_group(*group, name)).count() == 1);
        let is_partition = once && groups.iter().all(|group| !group.is_empty());
        let found = problem("{}", &names, &groups.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!(found.is_none(), is_partition, "{groups:?}: {found:?}");
        accepted += u32::from(is_partition);
    }
    assert_eq!(accepted, 6, "the orders of three groups with one collection each");
}

#[test]
fn each_problem_with_groups_is_named() {
    let found = problem("{}", &["a", "b"], &[&["a", "moons"], &["a"], &[]]).expect("a problem");
    let expected = "must have every collection of jobs/contracts/zoo.yaml exactly once; unknown: `moons`; listed more than \
                    once: `a`; missing: `b`; a group is empty";
    assert_eq!(found, expected);
    let names: Vec<String> = (0..21).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let groups: Vec<&[&str]> = names.chunks(1).collect();
    assert_eq!(
        problem("{}", &names, &groups).as_deref(),
        Some("use at most 20 groups: a job can depend on up to 20 others")
    );
    assert_eq!(problem("{}", &names[1..], &groups[1..]), None);
    for (request, limit) in
        [("{concurrency: 2}", "concurrency"), ("{rate_limit: {requests: 2, seconds: 9}}", "rate_limit.requests")]
    {
        assert_eq!(problem(request, &names[..2], &groups[..2]), None, "{request}");
        let found = problem(request, &names[..3], &groups[..3]).expect("a problem");
        assert!(
            found.contains(&format!("use fewer groups: in jobs/contracts/zoo.yaml, `{limit}` allows only 2")),
            "{found}"
        );
    }
}
