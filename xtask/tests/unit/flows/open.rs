use super::*;

#[test]
fn nothing_in_an_address_ends_the_attribute() {
    assert!(page("https://h/?a=1&b=\"><script>#t").contains("url=https://h/?a=1&amp;b=&quot;>&lt;script>#t\">"));
}
