use super::*;

fn stacked(rows: &[(i32, &str, f64)]) -> Option<Stacked> {
    Stacked::new(rows.iter().map(|(year, name, value)| (*year, (*name).to_owned(), *value)))
}

#[test]
fn the_largest_series_come_first_and_the_smallest_share_a_colour() {
    let rows =
        [(2020, "f", 1.0), (2020, "a", 2.0), (2020, "b", 9.0), (2023, "c", 5.0), (2021, "d", 4.0), (2020, "e", 1.5)];
    let six = stacked(&rows).expect("numbers");
    let names = |stacked: &Stacked| stacked.series.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&six), ["b", "c", "d", "a", "2 others"]);
    assert_eq!(names(&stacked(&rows[1..]).expect("numbers")), ["b", "c", "d", "a", "e"]);
    assert_eq!(
        (six.years.clone(), six.total(2020), six.total(2022), six.peak()),
        (2020..=2023, 13.5, 0.0, (2020, 13.5))
    );
    assert_eq!([stacked(&[]), stacked(&[(2020, "a", 0.0)])], [None, None]);
}
