use super::*;

fn described(columns: &[(&str, u32)]) -> Vec<u8> {
    let mut body = u16::try_from(columns.len()).expect("few columns").to_be_bytes().to_vec();
    for (name, number) in columns {
        body.extend(name.as_bytes());
        body.extend([0; 7]);
        body.extend(number.to_be_bytes());
        body.extend([0; 8]);
    }
    body
}

#[test]
fn columns_of_jsonb_are_described_as_super() {
    let mut body = described(&[("a", 23), ("tables", JSONB), ("", 25), ("more", JSONB)]);
    number_of_super(&mut body);
    assert_eq!(body, described(&[("a", 23), ("tables", SUPER), ("", 25), ("more", SUPER)]));
    let mut broken = b"\0\x01name".to_vec();
    number_of_super(&mut broken);
    assert_eq!(broken, b"\0\x01name");
}

#[test]
fn an_error_belongs_to_the_first_open_statement_and_ends_what_was_expected_before_sync() {
    let statement = |text: &str| Statement { text: text.to_owned(), tag: None };
    let mut expected = VecDeque::from([
        Expected::Completed(statement("first"), Instant::now()),
        Expected::Parsed(statement("second")),
        Expected::Ready,
        Expected::Completed(statement("third"), Instant::now()),
        Expected::Ready,
    ]);
    assert_eq!(failed(&mut expected), "first");
    assert_eq!(expected.len(), 3);
    assert_eq!(failed(&mut expected), "");
}
