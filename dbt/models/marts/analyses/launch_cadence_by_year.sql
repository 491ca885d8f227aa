{{ redshift_layout(dist='all', sort='launch_year') }}

with years as (
    select
        launch_year,
        rocket_id,
        {{ launch_counts() }}
    from {{ ref('fct_launches') }}
    group by
        launch_year,
        rocket_id
),

rockets as (
    select * from {{ ref('dim_rockets') }}
)

select
    years.launch_year,
    years.rocket_id,
    rockets.rocket_name,
    years.launches,
    years.successes,
    years.failures,
    years.unknown_outcomes,
    {{ share_of('years.successes', 'years.successes + years.failures') }} as success_rate,
    years.planned_launches
from years
left join rockets
    on years.rocket_id = rockets.rocket_id
