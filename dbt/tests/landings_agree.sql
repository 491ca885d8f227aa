-- fct_launches and fct_core_flights count landings in different ways, but the counts must agree. Returns launches that
-- lifted off and whose counts differ.
with flights as (
    select
        launch_id,
        count(*) as core_count,
        {{ count_if('is_landing_attempt') }} as landing_attempt_count,
        {{ count_if('is_landing_success') }} as landing_success_count
    from {{ ref('fct_core_flights') }}
    group by launch_id
)

select
    launches.launch_id,
    launches.launch_name,
    launches.core_count,
    flights.core_count as flight_count,
    launches.landing_attempt_count,
    flights.landing_attempt_count as flight_landing_attempt_count,
    launches.landing_success_count,
    flights.landing_success_count as flight_landing_success_count
from {{ ref('fct_launches') }} as launches
left join flights
    on launches.launch_id = flights.launch_id
where
    launches.has_lifted_off
    and (
        launches.core_count <> coalesce(flights.core_count, 0)
        or launches.landing_attempt_count <> coalesce(flights.landing_attempt_count, 0)
        or launches.landing_success_count <> coalesce(flights.landing_success_count, 0)
    )
