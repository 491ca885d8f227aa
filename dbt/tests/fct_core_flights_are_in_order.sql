-- A core's flights are at different times. Returns flights that are not later than the previous one.
select
    core_flight_id,
    core_id,
    launch_at_utc,
    previous_launch_id,
    turnaround_days
from {{ ref('fct_core_flights') }}
where turnaround_days <= 0
