-- Each flight of a core is later than the previous one. Returns the flights that are not.
select
    core_flight_id,
    core_id,
    launch_at_utc,
    previous_launch_id,
    turnaround_days
from {{ ref('fct_core_flights') }}
where turnaround_days <= 0
