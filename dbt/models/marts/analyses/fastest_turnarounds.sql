{{ redshift_layout(dist='all', sort='turnaround_rank') }}

with flights as (
    select * from {{ ref('fct_core_flights') }}
    where turnaround_days is not null
),

cores as (
    select * from {{ ref('dim_cores') }}
),

launches as (
    select * from {{ ref('fct_launches') }}
)

select
    cast(rank() over (order by flights.turnaround_days) as bigint) as turnaround_rank,
    flights.turnaround_days,
    flights.core_flight_id,
    flights.core_id,
    cores.core_serial,
    flights.core_flight_number,
    flights.launch_id,
    launches.launch_name,
    flights.launch_at_utc,
    flights.previous_launch_id,
    previous_launches.launch_name as previous_launch_name,
    previous_launches.launch_at_utc as previous_launch_at_utc
from flights
left join cores
    on flights.core_id = cores.core_id
left join launches
    on flights.launch_id = launches.launch_id
left join launches as previous_launches
    on flights.previous_launch_id = previous_launches.launch_id
