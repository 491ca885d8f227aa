//! Tests that take minutes: every fault at every request, and thousands of seeded schedules. `cargo xtask test --all`
//! runs them as the suite "exactly once".

mod faults;
mod schedules;

pub use schedules::{api_faults, some as some_schedules};
