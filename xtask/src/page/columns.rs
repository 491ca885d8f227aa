//! Numbers by year and name, as columns show them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::canvas::{COLOURS, Paint};

/// Numbers by year of one kind of thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub paint: Paint,
    /// The numbers; a year without one has none.
    pub values: BTreeMap<i32, f64>,
}

/// Series that lie on one another, year by year; the largest lies at the bottom, where it is easiest to compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// Every year from the first to the last with a number, those without one too.
    pub years: RangeInclusive<i32>,
    /// What lies on one another, from the bottom up.
    pub series: Vec<Series>,
}

impl Columns {
    /// Columns from year, name and number; none when all numbers are zero.
    pub fn new(rows: impl IntoIterator<Item = (i32, String, f64)>) -> Option<Self> {
        let mut by_name: BTreeMap<String, BTreeMap<i32, f64>> = BTreeMap::new();
        for (year, name, value) in rows.into_iter().filter(|(_, _, value)| *value > 0.0) {
            *by_name.entry(name).or_default().entry(year).or_default() += value;
        }
        let years = || by_name.values().flat_map(BTreeMap::keys).copied();
        let years = years().min()?..=years().max()?;
        let total = |values: &BTreeMap<i32, f64>| values.values().sum::<f64>();
        let mut sorted: Vec<_> = by_name.into_iter().collect();
        sorted.sort_by(|a, b| total(&b.1).total_cmp(&total(&a.1)));
        let rest = if sorted.len() > COLOURS { sorted.split_off(COLOURS) } else { Vec::new() };
        let mut series: Vec<Series> = sorted
            .into_iter()
            .enumerate()
            .map(|(index, (name, values))| Series { name, paint: Paint::Series(index), values })
            .collect();
        // One that is left over keeps its name.
        let name = match rest.as_slice() {
            [] => return Some(Self { years, series }),
            [(name, _)] => name.clone(),
            some => format!("{} others", some.len()),
        };
        let mut values: BTreeMap<i32, f64> = BTreeMap::new();
        for (year, value) in rest.into_iter().flat_map(|(_, values)| values) {
            *values.entry(year).or_default() += value;
        }
        series.push(Series { name, paint: Paint::Rest, values });
        Some(Self { years, series })
    }

    /// A year's sum.
    pub fn total(&self, year: i32) -> f64 {
        self.series.iter().filter_map(|series| series.values.get(&year)).sum()
    }

    /// The year with the largest sum, the latest of several.
    pub fn peak(&self) -> (i32, f64) {
        let totals = self.years.clone().map(|year| (year, self.total(year)));
        totals.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((*self.years.end(), 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(i32, &str, f64)]) -> Option<Columns> {
        Columns::new(rows.iter().map(|(year, name, value)| (*year, (*name).to_owned(), *value)))
    }

    #[test]
    fn the_largest_lies_at_the_bottom_and_the_small_ones_share_a_colour() {
        let many = [
            (2020, "f", 1.0),
            (2020, "a", 2.0),
            (2020, "b", 9.0),
            (2023, "c", 5.0),
            (2021, "d", 4.0),
            (2020, "e", 1.5),
        ];
        let columns = rows(&many).expect("columns");
        let series: Vec<_> = columns.series.iter().map(|series| (series.name.as_str(), series.paint)).collect();
        let expected =
            [("b", Paint::Series(0)), ("c", Paint::Series(1)), ("d", Paint::Series(2)), ("a", Paint::Series(3))];
        assert_eq!(series, [&expected[..], &[("2 others", Paint::Rest)]].concat());
        let five = rows(&many[1..]).expect("columns");
        assert_eq!(five.series.last().map(|series| (series.name.as_str(), series.paint)), Some(("e", Paint::Rest)));
        assert_eq!(columns.years, 2020..=2023);
        assert_eq!([2020, 2021, 2022, 2023].map(|year| columns.total(year)), [13.5, 4.0, 0.0, 5.0]);
        assert_eq!(columns.peak(), (2020, 13.5));
    }

    #[test]
    fn zeros_are_nothing_to_draw() {
        assert_eq!(rows(&[]), None);
        assert_eq!(rows(&[(2020, "a", 0.0)]), None);
        assert_eq!(rows(&[(2019, "a", 0.0), (2020, "a", 1.0)]).expect("columns").years, 2020..=2020);
    }
}
