//! What the charts show: one row type for each chart, and the query on the marts that gives its rows.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The rows behind the four charts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Charts {
    /// Launches by year and rocket.
    pub cadence: Vec<Launches>,
    /// Landing attempts by year and type.
    pub landings: Vec<Landings>,
    /// The fastest turnarounds, the fastest first.
    pub turnarounds: Vec<Turnaround>,
    /// Mass to orbit by year and regime.
    pub mass: Vec<Mass>,
}

/// Launches of one rocket type in one year.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Launches {
    /// Year, UTC.
    pub year: i32,
    /// Name of the rocket type.
    pub rocket: String,
    /// Past launches.
    pub launches: u64,
    /// Planned ones, which no bar shows.
    pub planned: u64,
}

/// Landing attempts of one type in one year, core by core.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Landings {
    /// Year, UTC.
    pub year: i32,
    /// `ASDS`, `RTLS` or `Ocean`.
    pub kind: String,
    /// Landings tried.
    pub attempts: u64,
    /// Landings made.
    pub successes: u64,
    /// Landings that failed. What is missing to the attempts has no reported result.
    pub failures: u64,
}

/// A core's flight, and how soon after its last one it was.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Turnaround {
    /// Serial such as `B1062`.
    pub core: String,
    /// Which of the core's flights it was.
    pub flight: u64,
    /// The launch's name.
    pub launch: Option<String>,
    /// Days from launch to launch.
    pub days: f64,
}

/// What reached one orbital regime in one year.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Mass {
    /// Year, UTC.
    pub year: i32,
    /// Orbital regime such as `low-earth`.
    pub regime: String,
    /// Payloads.
    pub payloads: u64,
    /// Those whose mass is public.
    pub weighed: u64,
    /// Their mass in kilograms.
    pub mass_kg: f64,
}

/// Every launch but the planned ones counts, whatever its outcome.
const CADENCE: &str = "\
SELECT launch_year AS year, coalesce(rocket_name, 'unknown') AS rocket, launches, planned_launches AS planned
FROM analytics.launch_cadence_by_year
ORDER BY launch_year, rocket_name";

/// Cores are counted, not launches: a Falcon Heavy tries three landings.
const LANDINGS: &str = "\
SELECT launch_year AS year, coalesce(landing_type, 'unknown') AS kind, attempts, successes, failures
FROM analytics.landing_success_by_year
ORDER BY launch_year, landing_type";

/// A core may be there twice: these are the fastest flights, not the fastest cores.
const TURNAROUNDS: &str = "\
SELECT coalesce(core_serial, core_id) AS core, core_flight_number AS flight, launch_name AS launch,
       turnaround_days AS days
FROM analytics.fastest_turnarounds
ORDER BY turnaround_rank, core_flight_id
LIMIT 10";

/// Payloads without a public mass weigh nothing here; the chart says how many.
const MASS: &str = "\
SELECT launch_year AS year, regime, payloads, payloads_with_mass AS weighed, coalesce(mass_kg, 0) AS mass_kg
FROM analytics.mass_to_orbit_by_year
ORDER BY launch_year, regime";

impl Charts {
    /// Asks for the rows; `ask` takes a query to the warehouse, as `reader`, and brings a JSON array of objects.
    ///
    /// # Errors
    /// When `ask` fails, or brings something else.
    pub fn ask<E: From<serde_json::Error>>(ask: impl Fn(&str) -> Result<String, E>) -> Result<Self, E> {
        fn rows<T: DeserializeOwned, E: From<serde_json::Error>>(answer: Result<String, E>) -> Result<Vec<T>, E> {
            Ok(serde_json::from_str(&answer?)?)
        }
        Ok(Self {
            cadence: rows(ask(CADENCE))?,
            landings: rows(ask(LANDINGS))?,
            turnarounds: rows(ask(TURNAROUNDS))?,
            mass: rows(ask(MASS))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_from_json_as_postgresql_writes_it() {
        let answer = |query: &str| -> serde_json::Result<String> {
            Ok(if query.contains("fastest_turnarounds") {
                r#"[{"core":"B1062","flight":6,"launch":null,"days":21.26}]"#
            } else if query.contains("mass_to_orbit") {
                r#"[{"year":2010,"regime":"low-earth","payloads":3,"weighed":0,"mass_kg":0}]"#
            } else {
                "[]"
            }
            .to_owned())
        };
        let charts = Charts::ask(answer).expect("rows");
        let fastest = Turnaround { core: "B1062".to_owned(), flight: 6, launch: None, days: 21.26 };
        assert_eq!(charts.turnarounds, [fastest]);
        assert_eq!((charts.mass[0].weighed, charts.mass[0].mass_kg), (0, 0.0));
        assert!(Charts::ask(|_| serde_json::Result::Ok("nonsense".to_owned())).is_err());
    }
}
