use super::*;

fn message(version: u32, parameters: &str) -> Result<First> {
    let body = [version.to_be_bytes().as_slice(), parameters.as_bytes()].concat();
    let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(first(&mut std::io::Cursor::new([length.as_slice(), &body].concat())))
}

#[test]
fn the_user_and_the_database_are_read_among_parameters_that_postgresql_does_not_know() {
    let sent = "user\0IAMR:dbt\0database\0dpstack\0client_protocol_version\x002\0os_version\0Linux\0\0";
    let First::Session(parameters) = message(196_608, sent).expect("a message") else { panic!("not a session") };
    assert_eq!((parameters.user(), parameters.database()), ("IAMR:dbt", "dpstack"));
    let First::Session(parameters) = message(196_608, "user\0ann\0\0").expect("a message") else {
        panic!("not a session")
    };
    assert_eq!(parameters.database(), "ann");
}

#[test]
fn other_first_messages_are_recognised() {
    assert!(matches!(message(80_877_103, ""), Ok(First::Tls)));
    assert!(matches!(message(80_877_104, ""), Ok(First::Encryption)));
    assert!(matches!(message(80_877_102, "12345678"), Ok(First::Cancel)));
    assert!(message(131_072, "").is_err());
    assert!(message(196_608, "user").is_err());
}
