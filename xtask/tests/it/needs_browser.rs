//! The report in a browser, at the width of a phone and of a desktop, in light and dark mode: it has no errors, sends
//! no requests, draws every chart, has no truncated or overlapping text, and its figures are those of the database.

mod chromium;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chromium::Chromium;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::marts::{older, with_repeated_rockets};
use crate::support::Local;

/// A width in pixels, and the preferred colour scheme.
type View = (u32, &'static str);

const VIEWS: [View; 5] = [(400, "light"), (400, "dark"), (768, "light"), (1400, "light"), (1400, "dark")];

type Box4 = [f64; 4];

/// The results of `facts.js`.
#[derive(Debug, Deserialize)]
struct Facts {
    dark: bool,
    width: f64,
    height: f64,
    wide: Vec<String>,
    figures: Vec<Figure>,
}

#[derive(Debug, Deserialize)]
struct Figure {
    id: String,
    drawings: Vec<Box4>,
    colours: Vec<String>,
    texts: Vec<Words>,
}

#[derive(Debug, Deserialize)]
struct Words {
    words: String,
    #[serde(rename = "box")]
    place: Box4,
}

/// The results of `colours.js`: the number of pixels for each colour, written as in CSS.
#[derive(Debug, Deserialize)]
struct Colours {
    corner: String,
    boxes: Vec<BTreeMap<String, u64>>,
}

/// Returns all problems of a page; its screenshots are saved in a folder.
fn problems(chromium: &mut Chromium, file: &Path, pictures: &Path, views: &[View]) -> Vec<String> {
    let mut found = Vec::new();
    for &(width, mode) in views {
        let view = format!("{width}-{mode}");
        let phone = width < 600;
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": phone });
        chromium.call("Emulation.setDeviceMetricsOverride", metrics);
        let scheme = json!([{ "name": "prefers-color-scheme", "value": mode }]);
        chromium.call("Emulation.setEmulatedMedia", json!({ "features": scheme }));

        let events = chromium.open(file);
        found.extend(events.iter().filter_map(complaint).map(|complaint| format!("{view}: {complaint}")));

        let facts = chromium.evaluate(include_str!("needs_browser/facts.js"));
        let facts: Facts = serde_json::from_value(facts).expect("facts");
        assert_eq!(facts.dark, mode == "dark", "the browser does not show the mode that was asked for");
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": facts.height, "scale": 1 });
        let shot = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let shot = chromium.call("Page.captureScreenshot", shot);
        let bytes = BASE64_STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        fs::write(pictures.join(format!("{view}.png")), &bytes).expect("the picture is kept");
        let boxes: Vec<Box4> = facts
            .figures
            .iter()
            .map(|figure| figure.drawings.first().copied().unwrap_or([0.0, 0.0, 1.0, 1.0]))
            .collect();
        let colours = format!("({})({}, {})", include_str!("needs_browser/colours.js"), shot["data"], json!(boxes));
        let colours: Colours = serde_json::from_value(chromium.evaluate(&colours)).expect("colours");
        let brightness = channels(&colours.corner).iter().sum::<u32>() / 3;
        if (mode == "light") != (brightness > 200) || (mode == "dark") != (brightness < 60) {
            found.push(format!("{view}: the background is {brightness} bright"));
        }
        let blank = facts.figures.iter().zip(&colours.boxes).flat_map(|(figure, colours)| blank(figure, colours));
        found.extend(blank.map(|what| format!("{view}: {what}")));
        found.extend(facts.figures.iter().flat_map(unreadable).map(|what| format!("{view}: {what}")));

        // The collapsible tables must fit, too.
        chromium.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)");
        let opened = chromium.evaluate(include_str!("needs_browser/facts.js"));
        let opened: Facts = serde_json::from_value(opened).expect("facts");
        for (how, facts) in [("closed", &facts), ("opened", &opened)] {
            if facts.width > f64::from(width) || !facts.wide.is_empty() {
                found.push(format!("{view}: {how}, it is {} pixels wide: {:?}", facts.width, facts.wide));
            }
        }
    }
    found
}

/// An error or warning in Chromium's console, or a request for anything but the page itself.
fn complaint(event: &Value) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Log.entryAdded" if matches!(params["entry"]["level"].as_str(), Some("error" | "warning")) => {
            Some(format!("the console shows {}", params["entry"]["text"]))
        }
        "Runtime.exceptionThrown" => Some(format!("a script failed: {}", params["exceptionDetails"])),
        "Runtime.consoleAPICalled" => Some(format!("a script wrote to the console: {}", params["args"])),
        "Network.requestWillBeSent" if params["type"] != "Document" => {
            let url = params["request"]["url"].as_str().unwrap_or_default();
            (!url.starts_with("data:")).then(|| format!("it asks for {url}"))
        }
        _ => None,
    }
}

/// Returns the red, green and blue components of an opaque colour.
fn channels(colour: &str) -> [u32; 3] {
    let numbers = colour.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok());
    numbers.collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("`{colour}` is not an opaque color"))
}

/// A chart is blank if one of its mark colours, or any colour at all, is almost missing.
fn blank(Figure { id, drawings, colours, .. }: &Figure, seen: &BTreeMap<String, u64>) -> Vec<String> {
    let mut found = Vec::new();
    if drawings.len() != 1 {
        found.push(format!("{id}: {} drawings are shown, not one", drawings.len()));
    }
    // The background, text, and at least one kind of mark.
    if seen.len() < 3 {
        found.push(format!("{id}: blank, with {} colours", seen.len()));
    }
    let missing = colours.iter().filter(|colour| !seen.contains_key(*colour));
    found.extend(missing.map(|colour| format!("{id}: {colour} is not to be seen")));
    found
}

/// Returns texts that are outside their drawing, or overlap.
fn unreadable(figure: &Figure) -> Vec<String> {
    let Figure { id, drawings, texts, .. } = figure;
    let mut found = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let [left, top, right, bottom] = text.place;
        if !drawings
            .iter()
            .any(|d| left >= d[0] - 1.0 && top >= d[1] - 2.0 && right <= d[2] + 1.0 && bottom <= d[3] + 2.0)
        {
            found.push(format!("{id}: `{}` is truncated", text.words));
        }
        // The box of a text is as high as its line: letters touch only if boxes overlap by more than a third.
        let touches = |other: &&Words| {
            let across = right.min(other.place[2]) - left.max(other.place[0]);
            let down = bottom.min(other.place[3]) - top.max(other.place[1]);
            across > 0.5 && down > (bottom - top) / 3.0
        };
        found.extend(
            texts[index + 1..].iter().filter(touches).map(|o| format!("{id}: `{}` overlaps `{}`", text.words, o.words)),
        );
    }
    found
}

#[test]
fn the_report_is_readable_on_phones_and_desktops_in_light_and_dark_mode() {
    let (local, folder) = (Local::new(), tempfile::tempdir().expect("a folder"));
    let (responses, project) = (folder.path().join("older"), folder.path().join("dbt"));
    older(&responses);
    local.json(&["--run-id", "first", "--source", &responses.display().to_string()]);
    let done = local.json(&["--run-id", "second"]);
    let file = Path::new(done["report"].as_str().expect("a report")).to_owned();
    // The columns are sorted by name.
    let query = |sql: &str| {
        let rows = local.json(&["query", sql]);
        let row = rows[0].as_object().expect("a row").values();
        row.map(|value| value.as_str().expect("text").to_owned()).collect()
    };
    let mut chromium = is_readable_and_correct(&file, ("second", 2, 3), &query);
    a_broken_report_is_detected(&mut chromium, &file, &pictures("broken"));

    with_repeated_rockets(&project);
    local.refused(&["--run-id", "third", "--dbt-project", &project.display().to_string()]);
    assert_eq!(problems(&mut chromium, &file, &pictures("failed"), &VIEWS), Vec::<String>::new());
    let text = text(&mut chromium);
    let cause = "dbt: test `unique_dim_rockets_rocket_id` on `dim_rockets` failed";
    for expected in ["Failed", cause, "3 runs, 1 failed.", "failed: dbt: test `unique_dim_rockets_rocket_id`"] {
        assert!(text.contains(expected), "`{expected}` is missing in:\n{text}");
    }
}

/// Creates a folder for screenshots, which are kept for manual inspection.
fn pictures(run: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report").join(run);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Checks the page of the last of several successful runs that loaded, in every view, and its figures with a function that
/// returns the first row of a query. Given are a name, the number of runs, and how many launches the last one inserted.
pub(crate) fn is_readable_and_correct(
    file: &Path,
    (name, runs, inserted): (&str, usize, usize),
    query: &dyn Fn(&str) -> Vec<String>,
) -> Chromium {
    let program = chromium::installed().expect("Chromium is installed: sudo apt-get install chromium, or set CHROMIUM");
    let mut chromium = Chromium::start(&program);
    assert_eq!(problems(&mut chromium, file, &pictures(name), &VIEWS), Vec::<String>::new());
    let shown = chromium.evaluate("document.querySelectorAll('figure .drawing').length");
    assert_eq!(shown, json!(6), "every chart is drawn");
    the_figures_are_those_of_the_database(&text(&mut chromium), (runs, inserted), query);
    chromium
}

/// Returns the text that the browser shows, without line breaks.
fn text(chromium: &mut Chromium) -> String {
    let text = chromium.evaluate("document.body.innerText");
    text.as_str().expect("text").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Compares the text of the page with the first rows of queries.
fn the_figures_are_those_of_the_database(
    page: &str,
    (runs, new_launches): (usize, usize),
    query: &dyn Fn(&str) -> Vec<String>,
) {
    let sums = |seq: usize| {
        let sum = |count: &str| format!("sum((counts ->> '{count}')::bigint)::text AS {count}");
        let sums = ["deleted", "inserted", "rows", "updated"].map(sum).join(", ");
        query(&format!(
            "SELECT {sums} FROM etl.runs, LATERAL jsonb_each(tables::jsonb) AS t(name, counts) \
             WHERE source = 'spacex' AND seq = {seq}"
        ))
    };
    let (first, last) = (sums(1), sums(runs));
    assert_ne!(first, last);
    let [deleted, inserted, rows, updated] = <[String; 4]>::try_from(last).expect("four sums");
    let changes: u64 =
        [&deleted, &inserted, &updated].into_iter().map(|number| number.parse::<u64>().expect("a number")).sum();
    let launches = query("SELECT count(*)::text AS n FROM analytics.fct_launches WHERE has_lifted_off");
    let until =
        query("SELECT newest_event_at_utc::date::text AS day FROM analytics.data_until WHERE collection = 'launches'");
    let landings = query(
        "SELECT sum(successes)::text AS a, sum(successes + failures)::text AS b FROM analytics.landing_success_by_year",
    );
    let core = query("SELECT core_serial AS core FROM analytics.fastest_turnarounds WHERE turnaround_rank = 1");
    let live = |table: &str| {
        query(&format!("SELECT count(*)::text AS n FROM spacex.{table} WHERE _deleted_at IS NULL")).concat()
    };
    let grouped = |number: &str| contract::count(number.parse().expect("a number"));
    let expected = [
        format!("Rows {}", grouped(&rows)),
        format!("{inserted} inserted, {updated} updated, {deleted} deleted"),
        format!("Run {runs} has {}; the most were", grouped(&rows)),
        format!("Run {runs} has {changes}; the most were"),
        format!("{runs} runs, 0 failed."),
        format!("Data until {} newest liftoff", until[0]),
        format!("{} launches from", launches[0]),
        format!("{} of {} landing attempts succeeded", landings[0], landings[1]),
        format!("Core {} has the fastest turnaround", core[0]),
        format!("launches {} {new_launches}", live("launches")),
        format!("launch_cores {}", live("launch_cores")),
    ];
    for text in expected {
        assert!(page.contains(&text), "`{text}` is missing in:\n{page}");
    }
    assert!(!page.contains("Not read"), "{page}");
}

/// Checks that the test can fail: each of these pages has one defect.
fn a_broken_report_is_detected(chromium: &mut Chromium, file: &Path, pictures: &Path) {
    let page = fs::read_to_string(file).expect("the report");
    let broken = |from: &str, to: &str| {
        assert!(page.contains(from), "`{from}` is not in the page");
        page.replace(from, to)
    };
    let cases = [
        ("a script", broken("</main>", "<script>1</script></main>"), "the console shows"),
        (
            "an image from elsewhere",
            broken("</main>", "<img src=\"https://example.invalid/a.png\" alt=\"\"></main>"),
            "the console shows",
        ),
        ("no marks", broken("<rect ", "<rect display=\"none\" "), "is not to be seen"),
        ("no drawing", broken("</style>", "svg > * { display: none }</style>"), "blank, with 1 colours"),
        ("a hidden drawing", broken("</style>", "svg { display: none !important }</style>"), "0 drawings are shown"),
        (
            "both drawings",
            broken("</style>", ".narrow, .wide { display: block !important }</style>"),
            "2 drawings are shown",
        ),
        ("something wide", broken("</main>", "<p style=\"width: 420px\">wide</p></main>"), "pixels wide"),
        ("a wide table", broken("overflow-x: auto;", ""), "pixels wide"),
        ("no dark mode", broken("(prefers-color-scheme: dark)", "print"), "bright"),
        ("large letters", broken("font-size: 12px; font", "font-size: 26px; font"), "overlaps"),
        ("a shifted text", broken("<text x=\"0\" ", "<text x=\"-9\" "), "is truncated"),
    ];
    for (what, page, expected) in cases {
        let file = file.with_file_name("broken.html");
        fs::write(&file, page).expect("a page");
        let views = [(400, if expected == "bright" { "dark" } else { "light" })];
        let found = problems(chromium, &file, pictures, &views).join("\n");
        assert!(found.contains(expected), "{what} should be noticed as `{expected}`, and is as:\n{found}");
    }
}
