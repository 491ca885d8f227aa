{{ redshift_layout(dist='all') }}

with landings as (
    select * from {{ ref('fct_core_flights') }}
    where is_landing_attempt
),

landpads as (
    select * from {{ ref('dim_landpads') }}
),

counted as (
    select
        landing_type,
        landpad_id,
        count(*) as attempts,
        {{ count_if('is_landing_success') }} as successes,
        {{ count_if('not is_landing_success') }} as failures,
        {{ count_if('is_landing_success is null') }} as unknown_outcomes,
        min(launch_date) as first_attempt_date,
        max(launch_date) as last_attempt_date
    from landings
    group by
        landing_type,
        landpad_id
)

select
    counted.landing_type,
    counted.landpad_id,
    landpads.landpad_name,
    counted.attempts,
    counted.successes,
    counted.failures,
    counted.unknown_outcomes,
    {{ share_of('counted.successes', 'counted.successes + counted.failures') }} as success_rate,
    counted.first_attempt_date,
    counted.last_attempt_date
from counted
left join landpads
    on counted.landpad_id = landpads.landpad_id
