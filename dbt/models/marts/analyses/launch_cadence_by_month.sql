{{ redshift_layout(dist='all', sort='launch_month') }}

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
        min(launch_month) as first_month,
        max(launch_month) as last_month
    from launches
    where has_lifted_off
),

launched as (
    select distinct rocket_id
    from launches
    where has_lifted_off
),

months as (
    select distinct dates.date_month as launch_month
    from dates
    inner join span
        on dates.date_month between span.first_month and span.last_month
),

-- each launch, and each month and rocket type without an outcome, so that it has a row even if nothing was launched
counted as (
    select
        launch_month,
        rocket_id,
        launch_outcome
    from launches
    where launch_month is not null

    union all

    select
        months.launch_month,
        launched.rocket_id,
        cast(null as varchar(16)) as launch_outcome
    from months
    cross join launched
),

cadence as (
    select
        launch_month,
        rocket_id,
        {{ launch_counts() }}
    from counted
    group by
        launch_month,
        rocket_id
)

select
    cadence.launch_month,
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
