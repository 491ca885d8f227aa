//! The chart data: for each chart, a row type and the mart query that returns the rows.

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Charts {
    pub cadence: Vec<Launches>,
    pub landings: Vec<Landings>,
    pub turnarounds: Vec<Turnaround>,
    pub mass: Vec<Mass>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Launches {
    /// Year, in UTC.
    pub year: i32,
    pub rocket: String,
    pub launches: u64,
    /// Planned launches, which the chart leaves out.
    pub planned: u64,
    /// Launches that the source still reports as planned although their date has passed; also left out.
    pub overdue: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Landings {
    pub year: i32,
    /// Landing type such as `Drone ship (ASDS)`.
    pub kind: String,
    pub attempts: u64,
    pub successes: u64,
    /// Failed landings. The remaining attempts have no reported result.
    pub failures: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Turnaround {
    pub core: String,
    pub flight: u64,
    pub launch: Option<String>,
    pub days: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mass {
    pub year: i32,
    /// Orbital regime such as `Low Earth`.
    pub regime: String,
    pub payloads: u64,
    pub weighed: u64,
    pub mass_kg: f64,
}

/// Past launches, regardless of their outcome.
const CADENCE: &str = "\
SELECT launch_year AS year, coalesce(rocket_name, 'unknown') AS rocket, launches, planned_launches AS planned,
       overdue_launches AS overdue
FROM analytics.launch_cadence_by_year
ORDER BY launch_year, rocket_name";

/// Landings, counted by core: a Falcon Heavy launch has three landing attempts.
const LANDINGS: &str = "\
SELECT launch_year AS year, attempts, successes, failures,
       CASE landing_type WHEN 'ASDS' THEN 'Drone ship (ASDS)' WHEN 'RTLS' THEN 'Launch site (RTLS)'
                         ELSE coalesce(landing_type, 'unknown') END AS kind
FROM analytics.landing_success_by_year
ORDER BY launch_year, landing_type";

/// The fastest turnarounds; a core may occur several times.
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

/// The queries, in the order of the fields.
pub const QUERIES: [&str; 4] = [CADENCE, LANDINGS, TURNAROUNDS, MASS];

impl Charts {
    /// Reads the rows of the queries, with every value as text; `None` if a row is not what its query returns.
    pub fn read([cadence, landings, turnarounds, mass]: [Vec<Vec<String>>; 4]) -> Option<Self> {
        let launches = |[year, rocket, launches, planned, overdue]: [String; 5]| {
            let (year, launches) = (year.parse().ok()?, launches.parse().ok()?);
            Some(Launches { year, rocket, launches, planned: planned.parse().ok()?, overdue: overdue.parse().ok()? })
        };
        let landing = |[year, attempts, successes, failures, kind]: [String; 5]| {
            let (year, attempts) = (year.parse().ok()?, attempts.parse().ok()?);
            Some(Landings {
                year,
                kind,
                attempts,
                successes: successes.parse().ok()?,
                failures: failures.parse().ok()?,
            })
        };
        let turnaround = |[core, flight, launch, days]: [String; 4]| {
            let (flight, days) = (flight.parse().ok()?, days.parse().ok()?);
            Some(Turnaround { core, flight, launch: Some(launch).filter(|name| !name.is_empty()), days })
        };
        let mass_of = |[year, payloads, weighed, mass_kg, regime]: [String; 5]| {
            let (year, payloads, weighed) = (year.parse().ok()?, payloads.parse().ok()?, weighed.parse().ok()?);
            Some(Mass { year, regime, payloads, weighed, mass_kg: mass_kg.parse().ok()? })
        };
        Some(Self {
            cadence: rows(cadence, launches)?,
            landings: rows(landings, landing)?,
            turnarounds: rows(turnarounds, turnaround)?,
            mass: rows(mass, mass_of)?,
        })
    }
}

fn rows<const N: usize, T>(rows: Vec<Vec<String>>, read: impl Fn([String; N]) -> Option<T>) -> Option<Vec<T>> {
    rows.into_iter().map(|row| read(row.try_into().ok()?)).collect()
}
