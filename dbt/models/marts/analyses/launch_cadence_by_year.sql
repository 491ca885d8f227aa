{{ redshift_layout(dist='all', sort='launch_year') }}

with months as (
    select * from {{ ref('mv_launches_by_month') }}
),

rockets as (
    select * from {{ ref('dim_rockets') }}
),

years as (
    select
        launch_year,
        rocket_id,
        cast(sum(launches) as bigint) as launches,
        cast(sum(successes) as bigint) as successes,
        cast(sum(failures) as bigint) as failures,
        cast(sum(unknown_outcomes) as bigint) as unknown_outcomes,
        cast(sum(planned_launches) as bigint) as planned_launches
    from months
    group by
        launch_year,
        rocket_id
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
