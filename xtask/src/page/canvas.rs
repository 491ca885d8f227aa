//! What charts are drawn on: an SVG by plotters, painted with the style sheet's variables.
//!
//! Each chart is drawn twice, for a phone and for a larger screen, and the style sheet shows one of them: text that is
//! scaled down cannot be read. Plotters knows no style sheets, so it paints with colours that stand for something, and
//! the variables take their place in the end: dark mode is then a matter of CSS alone.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::words::Text;

/// What is drawn on, in pixels.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Drawing into a text cannot fail; plotters says it may.
pub type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// What a mark is painted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text that matters, and lines.
    Ink,
    /// Text that explains.
    Muted,
    /// Lines behind the marks.
    Grid,
    /// What lies under a chart.
    Surface,
    /// One of the series, from 0.
    Series(usize),
    /// All series that have no colour of their own.
    Rest,
}

/// How many series have a colour of their own: more could not be told apart by everybody.
pub const COLOURS: usize = 4;

/// The two drawings: the style sheet's class, and the width in CSS pixels that it is made for.
const WIDTHS: [(&str, u32); 2] = [("narrow", 348), ("wide", 504)];

/// Text size in pixels.
const LETTER: f64 = 12.0;

/// Room for a line of text, in pixels.
pub const LINE: u32 = 24;

impl Paint {
    const ALL: [Self; 9] = [
        Self::Ink,
        Self::Muted,
        Self::Grid,
        Self::Surface,
        Self::Series(0),
        Self::Series(1),
        Self::Series(2),
        Self::Series(3),
        Self::Rest,
    ];

    /// The name of its variable in the style sheet.
    pub fn name(self) -> String {
        match self {
            Self::Ink => "ink".to_owned(),
            Self::Muted => "muted".to_owned(),
            Self::Grid => "grid".to_owned(),
            Self::Surface => "surface".to_owned(),
            Self::Series(index) => format!("series-{}", index % COLOURS + 1),
            Self::Rest => "rest".to_owned(),
        }
    }

    /// The colour that stands for it until the drawing is finished.
    pub fn colour(self) -> RGBColor {
        let name = self.name();
        let place = Self::ALL.iter().position(|paint| paint.name() == name);
        RGBColor(1, 2, place.and_then(|place| u8::try_from(place).ok()).unwrap_or_default())
    }
}

/// A chart in both widths; in place of one that cannot be drawn, a sentence that says so.
pub fn both(height: u32, draw: impl Fn(&Area<'_>) -> Drawn) -> String {
    let one = |(class, width): (&str, u32)| -> Drawn<String> {
        let mut svg = String::new();
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        draw(&area)?;
        area.present()?;
        drop(area);
        Ok(finished(&svg, class, (width, height)))
    };
    let drawings: Drawn<String> = WIDTHS.into_iter().map(one).collect();
    drawings.unwrap_or_else(|error| format!("<p>This chart could not be drawn: {}</p>\n", Text(&error.to_string())))
}

/// The drawing with a head of our own, and the style sheet's variables for colours.
fn finished(svg: &str, class: &str, (width, height): (u32, u32)) -> String {
    let body = svg.split_once(">\n").map_or("", |(_, body)| body);
    let body = Paint::ALL.into_iter().fold(body.to_owned(), |body, paint| {
        let RGBColor(red, green, blue) = paint.colour();
        body.replace(&format!("\"#{red:02X}{green:02X}{blue:02X}\""), &format!("\"var(--{})\"", paint.name()))
    });
    // The style sheet says these for all drawings.
    let said = [" opacity=\"1\"", " stroke=\"none\"", " font-family=\"sans-serif\"", " font-size=\"12\""];
    let body = said.into_iter().fold(body, |body, said| body.replace(said, ""));
    let body = body.replace(">\n", ">").replace("\n</text>", "</text>");
    format!("<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\" focusable=\"false\">{body}\n")
}

/// How a text is written, and which of its points is the one it is put at.
pub fn style(paint: Paint, across: HPos, down: VPos) -> TextStyle<'static> {
    // The backend divides the size by 1.24.
    ("sans-serif", LETTER * 1.24).into_font().color(&paint.colour()).pos(Pos::new(across, down))
}

/// How wide a text is at most, in pixels: which font a reader has is unknown, so these are the widths of a wide one.
pub fn width(text: &str) -> f64 {
    let em = |letter: char| match letter {
        ' ' | '.' | ',' | ':' | '·' | '(' | ')' | '-' | '/' | '\'' | 'i' | 'j' | 'l' | 'f' | 't' | 'r' => 0.42,
        '0'..='9' | 'a'..='l' | 'n'..='v' | 'x'..='z' => 0.64,
        'A'..='L' | 'N'..='V' | 'X'..='Z' => 0.78,
        _ => 1.0,
    };
    text.chars().map(em).sum::<f64>() * LETTER
}

/// The first of some texts that is not wider than it may be, or as much of the last as has room.
pub fn fitting(texts: &[String], room: f64) -> String {
    if let Some(text) = texts.iter().find(|text| width(text) <= room) {
        return text.clone();
    }
    let mut text = texts.last().cloned().unwrap_or_default();
    while width(&text) + width("…") > room && text.pop().is_some() {}
    text + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_made_for_two_widths_in_the_style_sheets_colours() {
        let drawings = both(50, |area| {
            area.draw(&Rectangle::new([(0, 0), (9, 9)], Paint::Series(1).colour().filled()))?;
            area.draw(&plotters::element::Text::new("<&>", (1, 2), style(Paint::Ink, HPos::Left, VPos::Top)))
        });
        let rectangle = "<rect x=\"0\" y=\"0\" width=\"9\" height=\"9\" fill=\"var(--series-2)\"/>";
        let words =
            "<text x=\"1\" y=\"2\" dy=\"0.76em\" text-anchor=\"start\" fill=\"var(--ink)\">&lt;&amp;&gt;</text>";
        let one = |class, width| {
            format!(
                "<svg class=\"{class}\" viewBox=\"0 0 {width} 50\" aria-hidden=\"true\" focusable=\"false\">{rectangle}{words}</svg>\n"
            )
        };
        assert_eq!(drawings, one("narrow", 348) + &one("wide", 504));
    }

    #[test]
    fn a_text_without_room_gives_way_to_a_shorter_one() {
        let texts = ["quite a long text".to_owned(), "short".to_owned()];
        assert_eq!([500.0, 60.0, 30.0].map(|room| fitting(&texts, room)), ["quite a long text", "short", "sh…"]);
    }
}
