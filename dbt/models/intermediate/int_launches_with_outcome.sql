with launches as (
    select * from {{ ref('stg_launches') }}
),

failures as (
    select
        launch_id,
        min(failure_time_s) as failure_time_s,
        {{ text_list('failure_reason') }} as failure_reason,
        {{ count_if('failure_time_s is null or failure_time_s >= 0') }} as failures_after_liftoff
    from {{ ref('stg_launch_failures') }}
    group by launch_id
),

fetches as (
    select * from {{ ref('int_collection_fetches') }}
    where collection = 'launches'
),

-- the end of the period that date_precision gives: until then, a planned launch may still take place as planned
periods as (
    select
        launch_id,
        case date_precision
            when 'hour' then launch_at_utc + interval '1 hour'
            when 'day' then launch_at_utc + interval '1 day'
            when 'month' then launch_at_utc + interval '1 month'
            when 'quarter' then launch_at_utc + interval '3 months'
            when 'half' then launch_at_utc + interval '6 months'
            else launch_at_utc + interval '1 year'
        end as period_end_utc
    from launches
),

outcomes as (
    select
        launches.launch_id,
        cast(
            case
                when launches.is_upcoming and periods.period_end_utc < fetches.fetched_at_utc then 'overdue'
                when launches.is_upcoming then 'planned'
                when launches.is_success then 'success'
                when not launches.is_success and failures.failures_after_liftoff = 0 then 'pad_loss'
                when not launches.is_success then 'failure'
                else 'unknown'
            end as varchar(16)
        ) as launch_outcome,
        failures.failure_time_s,
        failures.failure_reason
    from launches
    inner join periods
        on launches.launch_id = periods.launch_id
    left join failures
        on launches.launch_id = failures.launch_id
    left join fetches
        on fetches.collection = 'launches'
)

select
    launches.launch_id,
    launches.launch_name,
    launches.flight_number,
    launches.rocket_id,
    launches.launchpad_id,
    launches.launch_at_utc,
    launches.date_precision,
    launches.launch_date,
    launches.launch_month,
    launches.launch_year,
    launches.is_upcoming,
    launches.is_success,
    outcomes.launch_outcome,
    outcomes.launch_outcome in ('success', 'failure', 'unknown') as has_lifted_off,
    outcomes.failure_time_s,
    outcomes.failure_reason,
    launches.launch_window_s,
    launches.static_fire_at_utc,
    launches.is_fairing_reused,
    launches.is_fairing_recovered,
    launches.webcast_url
from launches
inner join outcomes
    on launches.launch_id = outcomes.launch_id
