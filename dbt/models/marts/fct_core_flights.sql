{{ redshift_layout(dist='core_id', sort='launch_at_utc') }}

with launch_cores as (
    select * from {{ ref('stg_launch_cores') }}
),

launches as (
    select * from {{ ref('int_launches_with_outcome') }}
),

flights as (
    select
        cast(
            launch_cores.launch_id || '-' || cast(launch_cores.core_slot as varchar(8)) as varchar(64)
        ) as core_flight_id,
        launch_cores.core_id,
        launch_cores.launch_id,
        launches.rocket_id,
        launches.launch_at_utc,
        launches.launch_date,
        launches.launch_year,
        launch_cores.reported_flight_number,
        launch_cores.is_reused,
        launch_cores.is_landing_attempt,
        launch_cores.is_landing_success,
        launch_cores.landing_type,
        launch_cores.landpad_id,
        cast(row_number() over (
            partition by launch_cores.core_id
            order by launches.launch_at_utc, launches.launch_id
        ) as bigint) as core_flight_number,
        lag(launches.launch_id) over (
            partition by launch_cores.core_id
            order by launches.launch_at_utc, launches.launch_id
        ) as previous_launch_id,
        lag(launches.launch_at_utc) over (
            partition by launch_cores.core_id
            order by launches.launch_at_utc, launches.launch_id
        ) as previous_launch_at_utc
    from launch_cores
    inner join launches
        on launch_cores.launch_id = launches.launch_id
    where
        launch_cores.core_id is not null
        and launches.has_lifted_off
)

select
    core_flight_id,
    core_id,
    launch_id,
    rocket_id,
    launch_at_utc,
    launch_date,
    launch_year,
    core_flight_number,
    reported_flight_number,
    is_reused,
    previous_launch_id,
    {{ days_between('previous_launch_at_utc', 'launch_at_utc') }} as turnaround_days,
    is_landing_attempt,
    is_landing_success,
    landing_type,
    landpad_id
from flights
