//! The charts: columns on one another, a line of rates over what they are rates of, and lying bars.

use std::ops::RangeInclusive;

use plotters::coord::types::RangedCoordf64;
use plotters::element::Text;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Area, Drawn, LINE, Paint, both, fitting, style, width};
use super::columns::Columns;
use super::words::count;

/// One year's share of successes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The year.
    pub year: i32,
    /// From 0 to 100.
    pub percent: u64,
}

/// A bar with its name above and its value behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The name, and shorter ones for where it has no room.
    pub names: Vec<String>,
    /// The length.
    pub value: f64,
    /// The value in words.
    pub words: String,
}

/// Columns on one another, their sums above them.
pub fn columns(columns: &Columns, words: fn(f64) -> String) -> String {
    both(360, |area| {
        let axes = Axes::new(area, &columns.years, &columns.words(words), words(columns.peak().1));
        columns.draw(area, &axes, words)
    })
}

/// A line of rates, and below it what they are rates of.
pub fn rates(rates: &[Rate], attempts: &Columns) -> String {
    let whole = |value: f64| count(value as u64);
    both(360, |area| {
        let rate = |percent: u64| format!("{percent}%");
        let all: Vec<String> =
            attempts.words(whole).into_iter().chain(rates.iter().map(|each| rate(each.percent))).collect();
        let axes = Axes::new(area, &attempts.years, &all, rate(100));
        let (above, below) = area.split_vertically(200);
        for (panel, name) in [(&above, "Share that succeeded"), (&below, "Attempts")] {
            panel.draw(&Text::new(name, (0, 2), style(Paint::Muted, HPos::Left, VPos::Top)))?;
        }
        draw_rates(&above.margin(LINE / 2, 0, 0, 0), &axes, rates, rate)?;
        attempts.draw(&below.margin(LINE / 2, 0, 0, 0), &axes, whole)
    })
}

/// Lying bars, each below its name.
pub fn bars(bars: &[Bar]) -> String {
    let row = 36;
    both(row * u32::try_from(bars.len()).unwrap_or_default(), |area| {
        let longest = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
        let behind = bars.iter().map(|bar| width(&bar.words)).fold(0.0, f64::max);
        let across = f64::from(area.dim_in_pixel().0);
        for (top, bar) in (2..).step_by(row as usize).zip(bars) {
            let end = ((across - behind - 8.0) * bar.value / longest).round() as i32;
            area.draw(&Text::new(fitting(&bar.names, across), (0, top), style(Paint::Ink, HPos::Left, VPos::Top)))?;
            area.draw(&Rectangle::new([(0, top + 16), (end, top + 28)], Paint::Series(0).colour().filled()))?;
            let words = style(Paint::Ink, HPos::Left, VPos::Center);
            area.draw(&Text::new(bar.words.clone(), (end + 6, top + 22), words))?;
        }
        Ok(())
    })
}

type Plot<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// How the years lie side by side, for all panels of a chart.
struct Axes {
    years: RangeInclusive<i32>,
    /// Whether every number stands at its mark, so that no lines are needed to read it.
    direct: bool,
    /// Room left of the first year and right of the last, in pixels.
    left: u32,
    right: u32,
    /// A year's width in pixels.
    slot: f64,
}

impl Axes {
    /// Axes for marks that may say `words`; `longest` is the longest number that could stand at a line.
    fn new(area: &Area<'_>, years: &RangeInclusive<i32>, words: &[String], longest: String) -> Self {
        let count = f64::from(*years.end()) - f64::from(*years.start()) + 1.0;
        let across = f64::from(area.dim_in_pixel().0);
        // What stands at the first and at the last year may be wider than their places.
        let widest = words.iter().map(|words| width(words)).fold(width("2000"), f64::max);
        let overhang = 1 + ((widest - across / count) / 2.0).max(0.0).ceil() as u32;
        let new = |direct: bool, left: u32| {
            let slot = (across - f64::from(left + overhang)) / count;
            Self { years: years.clone(), direct, left, right: overhang, slot }
        };
        let axes = new(true, overhang);
        if words.iter().all(|words| width(words) < axes.slot) {
            return axes;
        }
        new(false, width(&longest).ceil() as u32 + 10)
    }

    /// A panel, with lines across where they are needed. `top` is the largest number; room for a text remains above it.
    fn panel<'a, 'b>(
        &self,
        area: &'b Area<'a>,
        below: u32,
        top: f64,
        words: impl Fn(f64) -> String,
    ) -> Drawn<Plot<'a, 'b>> {
        let across = f64::from(*self.years.start()) - 0.5..f64::from(*self.years.end()) + 0.5;
        let mut plot = ChartBuilder::on(area)
            .margin_top(LINE)
            .margin_right(self.right)
            .x_label_area_size(below)
            .y_label_area_size(self.left)
            .build_cartesian_2d(across, 0.0..top)?;
        let lines = if self.direct { 0 } else { (plot.plotting_area().dim_in_pixel().1 as usize / 60 + 1).max(3) };
        let muted = style(Paint::Muted, HPos::Right, VPos::Center);
        plot.configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_labels(lines)
            .y_label_formatter(&|value| words(*value))
            .y_label_style(muted)
            .set_all_tick_mark_size(3)
            .bold_line_style(Paint::Grid.colour())
            .light_line_style(TRANSPARENT)
            .axis_style(TRANSPARENT)
            .draw()?;
        let base = [*self.years.start(), *self.years.end()].map(f64::from);
        let base = PathElement::new([(base[0] - 0.5, 0.0), (base[1] + 0.5, 0.0)], Paint::Muted.colour());
        plot.plotting_area().draw(&base)?;
        Ok(plot)
    }

    /// The years below a panel: as many as have room, the last one always.
    fn name_years(&self, plot: &Plot<'_, '_>) -> Drawn {
        let every = (width("2000 ") / self.slot).ceil() as usize;
        for year in self.years.clone().rev().step_by(every.max(1)) {
            write(plot, (year, 0.0), year.to_string(), 6, style(Paint::Muted, HPos::Center, VPos::Top))?;
        }
        Ok(())
    }
}

impl Columns {
    /// All sums in words.
    fn words(&self, words: fn(f64) -> String) -> Vec<String> {
        self.years.clone().map(|year| words(self.total(year))).collect()
    }

    fn draw(&self, area: &Area<'_>, axes: &Axes, words: fn(f64) -> String) -> Drawn {
        let (peak, top) = self.peak();
        let plot = axes.panel(area, LINE, top, words)?;
        let half = (axes.slot * 0.36).min(16.0) / axes.slot;
        let pixel = top / f64::from(plot.plotting_area().dim_in_pixel().1);
        for year in self.years.clone() {
            let (left, right, mut floor) = (f64::from(year) - half, f64::from(year) + half, 0.0);
            for series in &self.series {
                let Some(value) = series.values.get(&year) else { continue };
                let corners = [(left, floor), (right, floor + value)];
                plot.plotting_area().draw(&Rectangle::new(corners, series.paint.colour().filled()))?;
                // The surface shows through between two of them, where there is room for a gap.
                if floor > 0.0 && *value > 3.0 * pixel {
                    let gap = PathElement::new([(left, floor), (right, floor)], Paint::Surface.colour());
                    plot.plotting_area().draw(&gap)?;
                }
                floor += value;
            }
            // The sums stand over all columns, or where they would touch, over the largest alone.
            if floor > 0.0 && (axes.direct || year == peak) {
                write(&plot, (year, floor), words(floor), -3, style(Paint::Ink, HPos::Center, VPos::Bottom))?;
            }
        }
        axes.name_years(&plot)
    }
}

fn draw_rates(area: &Area<'_>, axes: &Axes, rates: &[Rate], words: fn(u64) -> String) -> Drawn {
    let plot = axes.panel(area, LINE / 2, 100.0, |value| words(value as u64))?;
    let ink = Paint::Ink.colour();
    let at = |rate: &Rate| (f64::from(rate.year), rate.percent as f64);
    // A year without a rate is a gap in the line.
    for neighbours in rates.chunk_by(|a, b| a.year + 1 == b.year) {
        let points: Vec<_> = neighbours.iter().map(at).collect();
        plot.plotting_area().draw(&PathElement::new(points, ink.stroke_width(2)))?;
    }
    for rate in rates {
        plot.plotting_area().draw(&Circle::new(at(rate), 6, Paint::Surface.colour().filled()))?;
        plot.plotting_area().draw(&Circle::new(at(rate), 4, ink.filled()))?;
        if axes.direct || Some(rate) == rates.last() {
            write(
                &plot,
                (rate.year, rate.percent as f64),
                words(rate.percent),
                -7,
                style(Paint::Ink, HPos::Center, VPos::Bottom),
            )?;
        }
    }
    Ok(())
}

fn write(plot: &Plot<'_, '_>, (year, value): (i32, f64), words: String, down: i32, style: TextStyle<'_>) -> Drawn {
    plot.plotting_area().draw(&(EmptyElement::at((f64::from(year), value)) + Text::new(words, (0, down), style)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_series(numbers: &[(i32, f64)]) -> Columns {
        Columns::new(numbers.iter().map(|(year, number)| (*year, "a".to_owned(), *number))).expect("columns")
    }

    #[test]
    fn sums_stand_over_all_columns_or_over_the_largest_alone() {
        let whole = |value: f64| count(value as u64);
        let few = one_series(&[(2020, 70.0), (2021, 80.0)]);
        let drawn = super::columns(&few, whole);
        assert_eq!((drawn.matches(">70<").count(), drawn.matches(">80<").count()), (2, 2), "{drawn}");
        let many = one_series(&(1990..2030).map(|year| (year, f64::from(year))).collect::<Vec<_>>());
        let drawn = super::columns(&many, whole);
        assert_eq!((drawn.matches(">2,028<").count(), drawn.matches(">2,029<").count()), (0, 2));
        assert_eq!(drawn.matches(">2029<").count(), 2, "the last year is named");
    }

    #[test]
    fn a_year_without_a_rate_is_a_gap_in_the_line() {
        let attempts = one_series(&[2020, 2021, 2022, 2023].map(|year| (year, 1.0)));
        let rate = |year| Rate { year, percent: 50 };
        let lines = |rates: &[Rate]| super::rates(rates, &attempts).matches("stroke-width=\"2\"").count();
        assert_eq!(lines(&[2020, 2021, 2022, 2023].map(rate)), 2, "one in each width");
        assert_eq!(lines(&[2020, 2021, 2023].map(rate)), 4);
    }
}
