{{ redshift_layout(dist='all', sort='launch_year') }}

with launches as (
    select * from {{ ref('fct_launches') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

rockets as (
    select * from {{ ref('dim_rockets') }}
),

span as (
    select
        min(launch_year) as first_year,
        max(launch_year) as last_year
    from launches
    where has_lifted_off
),

launched as (
    select distinct rocket_id
    from launches
    where has_lifted_off
),

years as (
    select distinct dates.date_year as launch_year
    from dates
    inner join span
        on dates.date_year between span.first_year and span.last_year
),

-- each launch, and each year and rocket type without an outcome, so that it has a row even if nothing was launched
counted as (
    select
        launch_year,
        rocket_id,
        launch_outcome
    from launches

    union all

    select
        years.launch_year,
        launched.rocket_id,
        cast(null as varchar(16)) as launch_outcome
    from years
    cross join launched
),

cadence as (
    select
        launch_year,
        rocket_id,
        {{ launch_counts() }}
    from counted
    group by
        launch_year,
        rocket_id
)

select
    cadence.launch_year,
    cadence.rocket_id,
    rockets.rocket_name,
    cadence.launches,
    cadence.successes,
    cadence.failures,
    cadence.unknown_outcomes,
    {{ share_of('cadence.successes', 'cadence.successes + cadence.failures') }} as success_rate,
    cadence.pad_losses,
    cadence.planned_launches,
    cadence.overdue_launches
from cadence
left join rockets
    on cadence.rocket_id = rockets.rocket_id
