{{ redshift_layout(dist='all', sort='launch_year') }}

with landings as (
    select * from {{ ref('fct_core_flights') }}
    where is_landing_attempt
),

counted as (
    select
        launch_year,
        landing_type,
        count(*) as attempts,
        {{ count_if('is_landing_success') }} as successes,
        {{ count_if('not is_landing_success') }} as failures,
        {{ count_if('is_landing_success is null') }} as unknown_outcomes
    from landings
    group by
        launch_year,
        landing_type
)

select
    launch_year,
    landing_type,
    attempts,
    successes,
    failures,
    unknown_outcomes,
    {{ share_of('successes', 'successes + failures') }} as success_rate
from counted
