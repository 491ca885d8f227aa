//! Tests how many addresses a Redshift workgroup needs in a subnet.

#[test]
fn redshift_needs_the_addresses_of_its_table() {
    let rows = [(4, 9), (8, 9), (16, 13), (24, 13), (32, 13), (64, 21), (128, 37), (256, 69), (512, 133), (1024, 261)];
    assert!(rows.iter().all(|(rpu, addresses)| super::redshift(*rpu) == *addresses));
}
