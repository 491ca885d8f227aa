//! The data of the charts: one row type for each chart, and the query on the marts behind it.

use serde::Deserialize;

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
    /// Planned launches, which the chart leaves out.
    pub planned: u64,
}

/// Landing attempts of one type in one year, core by core.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Landings {
    /// Year, UTC.
    pub year: i32,
    /// Landing type such as `Drone ship (ASDS)`.
    pub kind: String,
    /// Landing attempts.
    pub attempts: u64,
    /// Successful landings.
    pub successes: u64,
    /// Failed landings. The remaining attempts have no reported result.
    pub failures: u64,
}

/// A core's flight, and the days since its previous one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Turnaround {
    /// Serial such as `B1062`.
    pub core: String,
    /// The core's flight number.
    pub flight: u64,
    /// The launch's name.
    pub launch: Option<String>,
    /// Days from launch to launch.
    pub days: f64,
}

/// Payloads to one orbital regime in one year.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Mass {
    /// Year, UTC.
    pub year: i32,
    /// Orbital regime such as `Low Earth`.
    pub regime: String,
    /// Payloads.
    pub payloads: u64,
    /// Payloads with a public mass.
    pub weighed: u64,
    /// Their mass in kilograms.
    pub mass_kg: f64,
}

/// Past launches count whatever their outcome.
const CADENCE: &str = "\
SELECT launch_year AS year, coalesce(rocket_name, 'unknown') AS rocket, launches, planned_launches AS planned
FROM analytics.launch_cadence_by_year
ORDER BY launch_year, rocket_name";

/// By core: a Falcon Heavy launch has three landing attempts.
const LANDINGS: &str = "\
SELECT launch_year AS year, attempts, successes, failures,
       CASE landing_type WHEN 'ASDS' THEN 'Drone ship (ASDS)' WHEN 'RTLS' THEN 'Launch site (RTLS)'
                         ELSE coalesce(landing_type, 'unknown') END AS kind
FROM analytics.landing_success_by_year
ORDER BY launch_year, landing_type";

/// The fastest flights, so a core may occur several times.
const TURNAROUNDS: &str = "\
SELECT coalesce(core_serial, core_id) AS core, core_flight_number AS flight, launch_name AS launch,
       turnaround_days AS days
FROM analytics.fastest_turnarounds
ORDER BY turnaround_rank, core_flight_id
LIMIT 10";

/// Payloads without a public mass add nothing; the chart's caption counts them.
const MASS: &str = "\
SELECT launch_year AS year, payloads, payloads_with_mass AS weighed, coalesce(mass_kg, 0) AS mass_kg,
       upper(left(regime, 1)) || replace(replace(substr(regime, 2), '-', ' '), 'earth', 'Earth') AS regime
FROM analytics.mass_to_orbit_by_year
ORDER BY launch_year, regime";

impl Charts {
    /// Queries the marts; `query` returns a JSON array of objects.
    ///
    /// # Errors
    /// When `query` fails, or returns other columns.
    pub fn query<E: From<serde_json::Error>>(query: impl Fn(&str) -> Result<String, E>) -> Result<Self, E> {
        Ok(Self {
            cadence: serde_json::from_str(&query(CADENCE)?)?,
            landings: serde_json::from_str(&query(LANDINGS)?)?,
            turnarounds: serde_json::from_str(&query(TURNAROUNDS)?)?,
            mass: serde_json::from_str(&query(MASS)?)?,
        })
    }
}
