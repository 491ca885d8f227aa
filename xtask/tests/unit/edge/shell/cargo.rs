//! Tests which names of variables are found in contracts.

#[test]
fn the_secrets_of_a_contract_are_found_however_they_are_written() {
    let text = "auth: {client_secret: {secret: A_1}, token: {\"secret\": \"B\"}, api_key: {secret:\n  'C'}}";
    assert_eq!(super::secrets(text), ["", "A_1", "B", "C"]);
}
