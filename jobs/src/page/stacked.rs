//! Numbers by year and series, for stacked columns.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The number of series with their own colour; the others share one, because readers cannot distinguish more.
const COLOURS: usize = 4;

type ByYear = BTreeMap<i32, f64>;

/// Numbers by year and series, the series with the largest sum first.
#[derive(Clone, Debug, PartialEq)]
pub struct Stacked {
    pub years: RangeInclusive<i32>,
    pub series: Vec<(String, ByYear)>,
}

impl Stacked {
    /// Builds the data from (year, series, number) rows; `None` if all numbers are zero.
    pub fn new(rows: impl IntoIterator<Item = (i32, String, f64)>) -> Option<Self> {
        let mut by_name: BTreeMap<String, ByYear> = BTreeMap::new();
        for (year, name, value) in rows.into_iter().filter(|(_, _, value)| *value > 0.0) {
            *by_name.entry(name).or_default().entry(year).or_default() += value;
        }
        let years = || by_name.values().flat_map(BTreeMap::keys).copied();
        let years = years().min()?..=years().max()?;
        let mut series: Vec<_> = by_name.into_iter().collect();
        series.sort_by(|a, b| b.1.values().sum::<f64>().total_cmp(&a.1.values().sum()));
        if series.len() > COLOURS + 1 {
            let others = series.split_off(COLOURS);
            let mut sums = ByYear::new();
            for (year, value) in others.iter().flat_map(|(_, values)| values) {
                *sums.entry(*year).or_default() += value;
            }
            series.push((format!("{} others", others.len()), sums));
        }
        Some(Self { years, series })
    }

    pub fn colour(series: usize) -> &'static str {
        ["series-1", "series-2", "series-3", "series-4"].get(series).copied().unwrap_or("rest")
    }

    pub fn total(&self, year: i32) -> f64 {
        self.series.iter().filter_map(|(_, values)| values.get(&year)).sum()
    }

    /// Returns the year with the largest sum; if there are several, the latest.
    pub fn peak(&self) -> (i32, f64) {
        let totals = self.years.clone().map(|year| (year, self.total(year)));
        totals.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((*self.years.end(), 0.0))
    }
}

#[cfg(test)]
#[path = "../../tests/unit/page/stacked.rs"]
mod tests;
