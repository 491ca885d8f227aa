use super::*;

#[test]
fn only_names_of_this_machine_are_resolved_here() {
    let own = Some(Ipv4Addr::LOCALHOST);
    for (name, address) in [
        ("env.127.0.0.1", own),
        ("api.127.0.0.1", own),
        ("env.localhost", own),
        ("localhost", own),
        ("env.10.0.0.1", None),
        ("env.airflow.eu-west-1.amazonaws.com", None),
        ("127.0.0.1.example.com", None),
    ] {
        assert_eq!(loopback(name), address, "{name}");
    }
}
