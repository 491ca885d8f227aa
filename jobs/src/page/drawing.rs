//! Charts as SVG. Each is drawn for phones and for larger screens, and the style sheet shows one of the two, because
//! scaled-down text is unreadable. Placeholder colours are replaced with style sheet variables for light and dark mode.

use std::ops::RangeInclusive;

use contract::count;
use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::stacked::Stacked;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

const VARIABLES: [&str; 9] =
    ["ink", "muted", "grid", "surface", "series-1", "series-2", "series-3", "series-4", "rest"];

/// The assumed maximum width of a digit or letter in pixels, because the reader's font is unknown.
const LETTER: usize = 9;

pub struct Bar {
    /// The text above the bar, and a shorter one for narrow screens.
    pub names: [String; 2],
    pub value: f64,
    pub label: String,
}

pub fn columns(stacked: &Stacked, format: fn(f64) -> String) -> Markup {
    both(360, |area| draw_columns(area, stacked, format))
}

/// Draws a line of percentages by year above columns of attempts.
pub fn rates(rates: &[(i32, u64)], attempts: &Stacked) -> Markup {
    both(360, |area| {
        let (above, below) = area.split_vertically(190);
        for (panel, name) in [(&above, "Success rate"), (&below, "Attempts")] {
            panel.draw(&Text::new(name, (0, 2), text("muted", HPos::Left, VPos::Top)))?;
        }
        draw_rates(&above.margin(12, 0, 0, 0), &attempts.years, rates)?;
        draw_columns(&below.margin(12, 0, 0, 0), attempts, |value| count(value as u64))
    })
}

pub fn bars(bars: &[Bar]) -> Markup {
    both(36 * bars.len() as u32, |area| {
        let width = area.dim_in_pixel().0 as usize;
        let longest = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
        let label = bars.iter().map(|bar| bar.label.len() * LETTER).max().unwrap_or_default();
        for (top, bar) in (2..).step_by(36).zip(bars) {
            let end = (width.saturating_sub(label) as f64 * bar.value / longest) as i32;
            let [long, short] = &bar.names;
            let name = if long.chars().count() * LETTER <= width { long } else { short };
            area.draw(&Text::new(name.clone(), (0, top), text("ink", HPos::Left, VPos::Top)))?;
            area.draw(&Rectangle::new([(0, top + 16), (end, top + 28)], colour("series-1").filled()))?;
            area.draw(&Text::new(bar.label.clone(), (end + 6, top + 22), text("ink", HPos::Left, VPos::Center)))?;
        }
        Ok(())
    })
}

fn both(height: u32, draw: impl Fn(&Area<'_>) -> Drawn) -> Markup {
    let svg = |width| -> Drawn<String> {
        let mut svg = String::new();
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        draw(&area)?;
        area.present()?;
        drop(area);
        Ok(VARIABLES.iter().fold(svg, |svg, name| {
            let RGBColor(red, green, blue) = colour(name);
            svg.replace(&format!("#{red:02X}{green:02X}{blue:02X}"), &format!("var(--{name})"))
        }))
    };
    html! {
        @for (class, width) in [("narrow", 348), ("wide", 504)] {
            div class=(class) aria-hidden="true" {
                @match svg(width) {
                    Ok(svg) => (PreEscaped(svg)),
                    Err(error) => p { "This chart could not be drawn: " (error) },
                }
            }
        }
    }
}

fn colour(variable: &str) -> RGBColor {
    let index = VARIABLES.iter().position(|name| *name == variable).unwrap_or_default();
    RGBColor(1, 2, index as u8)
}

fn text(variable: &str, across: HPos, down: VPos) -> TextStyle<'static> {
    // The style sheet sets the font and its size.
    ("sans-serif", 15).into_font().color(&colour(variable)).pos(Pos::new(across, down))
}

/// Whether every label fits into the width of its year, so that the chart needs no y-axis.
fn fits(area: &Area<'_>, years: &RangeInclusive<i32>, labels: impl Iterator<Item = String>) -> bool {
    let years = (years.end() - years.start() + 1) as usize;
    labels.map(|label| label.len() * LETTER).max().unwrap_or_default() < area.dim_in_pixel().0 as usize / years
}

/// Draws the axes; unless `labelled` is set, also grid lines with their values.
fn panel<'a, 'b>(
    area: &'b Area<'a>,
    years: &RangeInclusive<i32>,
    top: f64,
    labelled: bool,
    format: impl Fn(f64) -> String,
) -> Drawn<Plot<'a, 'b>> {
    let (first, last) = (f64::from(*years.start()) - 0.5, f64::from(*years.end()) + 0.5);
    let (width, height) = area.dim_in_pixel();
    let mut plot = ChartBuilder::on(area)
        .margin_top(24)
        .margin_right(16)
        .x_label_area_size(24)
        .y_label_area_size(if labelled { 10 } else { 48 })
        .build_cartesian_2d(first..last, 0.0..top)?;
    let format = |value: &f64| format(*value);
    let year = |year: &f64| if year.fract() == 0.0 { year.to_string() } else { String::new() };
    let mut mesh = plot.configure_mesh();
    mesh.disable_x_mesh()
        .x_labels(width as usize / 44)
        .x_label_formatter(&year)
        .y_labels(if labelled { 0 } else { (height as usize / 60).max(3) })
        .y_label_formatter(&format)
        .label_style(text("muted", HPos::Center, VPos::Center))
        .set_all_tick_mark_size(4)
        .bold_line_style(colour("grid"))
        .light_line_style(TRANSPARENT)
        .axis_style(colour("muted"));
    if labelled {
        // This disables the labels as well.
        mesh.disable_y_axis();
    }
    mesh.draw()?;
    Ok(plot)
}

fn draw_columns(area: &Area<'_>, stacked: &Stacked, format: fn(f64) -> String) -> Drawn {
    let labelled = fits(area, &stacked.years, stacked.years.clone().map(|year| format(stacked.total(year))));
    let (peak, top) = stacked.peak();
    let plot = panel(area, &stacked.years, top, labelled, format)?;
    for year in stacked.years.clone() {
        let (middle, mut base) = (f64::from(year), 0.0);
        for (index, (_, values)) in stacked.series.iter().enumerate() {
            let Some(value) = values.get(&year) else { continue };
            let corners = [(middle - 0.36, base), (middle + 0.36, base + value)];
            plot.plotting_area().draw(&Rectangle::new(corners, colour(Stacked::colour(index)).filled()))?;
            base += value;
        }
        if base > 0.0 && (labelled || year == peak) {
            label(&plot, (middle, base), format(base))?;
        }
    }
    Ok(())
}

fn draw_rates(area: &Area<'_>, years: &RangeInclusive<i32>, rates: &[(i32, u64)]) -> Drawn {
    let percent = |value: f64| format!("{value}%");
    let labelled = fits(area, years, std::iter::once(percent(100.0)));
    let plot = panel(area, years, 100.0, labelled, percent)?;
    let ink = colour("ink");
    // A year without a rate is a gap in the line.
    for neighbours in rates.chunk_by(|a, b| a.0 + 1 == b.0) {
        let points: Vec<_> = neighbours.iter().map(|(year, rate)| (f64::from(*year), *rate as f64)).collect();
        plot.plotting_area().draw(&PathElement::new(points.clone(), ink.stroke_width(2)))?;
        for point in points {
            plot.plotting_area().draw(&Circle::new(point, 4, ink.filled()))?;
            if labelled || Some(point.0) == rates.last().map(|(year, _)| f64::from(*year)) {
                label(&plot, point, percent(point.1))?;
            }
        }
    }
    Ok(())
}

fn label(plot: &Plot<'_, '_>, at: (f64, f64), value: String) -> Drawn {
    let value = Text::new(value, (0, -6), text("ink", HPos::Center, VPos::Bottom));
    plot.plotting_area().draw(&(EmptyElement::at(at) + value))
}
