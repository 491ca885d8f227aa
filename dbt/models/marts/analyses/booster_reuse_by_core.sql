{{ redshift_layout(dist='all') }}

with flights as (
    select * from {{ ref('fct_core_flights') }}
),

cores as (
    select * from {{ ref('dim_cores') }}
),

counted as (
    select
        core_id,
        count(*) as flights,
        {{ count_if('is_reused') }} as reflights,
        {{ count_if('is_landing_attempt') }} as landing_attempts,
        {{ count_if('is_landing_success') }} as landing_successes,
        min(launch_date) as first_flight_date,
        max(launch_date) as last_flight_date,
        min(turnaround_days) as fastest_turnaround_days,
        cast(avg(cast(turnaround_days as double precision)) as decimal(12, 2)) as average_turnaround_days
    from flights
    group by core_id
)

select
    counted.core_id,
    cores.core_serial,
    cores.block,
    cores.core_status,
    counted.flights,
    counted.reflights,
    counted.landing_attempts,
    counted.landing_successes,
    counted.first_flight_date,
    counted.last_flight_date,
    counted.fastest_turnaround_days,
    counted.average_turnaround_days
from counted
left join cores
    on counted.core_id = cores.core_id
