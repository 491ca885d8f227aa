-- A core cannot fly twice at once: between two flights lies time. Shows flights without.
select
    core_flight_id,
    core_id,
    launch_at_utc,
    previous_launch_id,
    turnaround_days
from {{ ref('fct_core_flights') }}
where turnaround_days <= 0
