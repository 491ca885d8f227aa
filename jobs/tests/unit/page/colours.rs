//! The style sheet's colours: readers with and without colour blindness can tell the series apart, and text and marks
//! have enough contrast.

use super::STYLE;

/// Red, green and blue in linear light.
type Light = [f64; 3];

/// Colours as seen without one kind of cone: Machado, Oliveira and Fernandes (2009), severity 1.
const SIGHTS: [(&str, [Light; 3]); 4] = [
    ("full sight", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ("protanopia", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    (
        "deuteranopia",
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ),
    ("tritanopia", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
];

fn times(matrix: [Light; 3], [red, green, blue]: Light) -> Light {
    matrix.map(|[r, g, b]| r * red + g * green + b * blue)
}

/// Converts to Oklab, where distance is perceived difference; about 0.02 is the smallest visible difference.
fn oklab(light: Light) -> Light {
    let cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ];
    let lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ];
    times(lab, times(cones, light.map(|part| part.clamp(0.0, 1.0))).map(f64::cbrt))
}

/// Returns the WCAG contrast of two colours, from 1 to 21.
fn contrast(a: Light, b: Light) -> f64 {
    let [a, b] = [a, b].map(|[red, green, blue]| 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
    a.max(b) / a.min(b)
}

/// Returns a style sheet colour; the first value is for light mode, the second for dark mode.
fn colours(name: &str) -> [Light; 2] {
    let linear = |part: f64| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
    let found: Vec<Light> = STYLE
        .split(&format!("--{name}: #"))
        .skip(1)
        .map(|rest| [0, 2, 4].map(|at| u8::from_str_radix(&rest[at..at + 2], 16).expect("a colour")))
        .map(|parts| parts.map(|part| linear(f64::from(part) / 255.0)))
        .collect();
    found.try_into().expect("one colour for each mode")
}

#[test]
fn colour_blind_readers_can_tell_the_series_apart() {
    let names = ["series-1", "series-2", "series-3", "series-4", "rest"];
    for mode in [0, 1] {
        for (index, one) in names.iter().enumerate() {
            let on_surface = contrast(colours(one)[mode], colours("surface")[mode]);
            assert!(on_surface >= 3.0, "{one} in mode {mode} has a contrast of {on_surface:.1}");
            for other in &names[index + 1..] {
                for (sight, matrix) in SIGHTS {
                    let [a, b] = [one, other].map(|name| oklab(times(matrix, colours(name)[mode])));
                    let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(distance >= 0.1, "{one} and {other} in mode {mode} with {sight}: {distance:.3}");
                }
            }
        }
    }
}

#[test]
fn text_stands_out_from_what_is_below_it() {
    for mode in [0, 1] {
        for text in ["ink", "muted", "good", "warn", "bad"] {
            for below in ["surface", "page"] {
                let contrast = contrast(colours(text)[mode], colours(below)[mode]);
                assert!(contrast >= 4.5, "{text} on {below} in mode {mode} has a contrast of {contrast:.1}");
            }
        }
    }
}
