{{ redshift_layout(dist='launch_id', sort='launch_at_utc') }}

with launches as (
    select * from {{ ref('int_launches_with_outcome') }}
),

cores as (
    select
        launch_id,
        count(core_id) as core_count,
        {{ count_if('core_id is not null and is_reused') }} as reused_core_count,
        {{ count_if('core_id is not null and is_landing_attempt') }} as landing_attempt_count,
        {{ count_if('core_id is not null and is_landing_success') }} as landing_success_count
    from {{ ref('stg_launch_cores') }}
    group by launch_id
),

counts as (
    select * from {{ ref('int_launch_counts') }}
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
    launches.launch_outcome,
    launches.has_lifted_off,
    launches.failure_time_s,
    launches.failure_reason,

    coalesce(cores.core_count, 0) as core_count,
    coalesce(cores.reused_core_count, 0) as reused_core_count,
    coalesce(cores.landing_attempt_count, 0) as landing_attempt_count,
    coalesce(cores.landing_success_count, 0) as landing_success_count,
    coalesce(counts.payload_count, 0) as payload_count,
    coalesce(counts.crew_count, 0) as crew_count,
    coalesce(counts.capsule_count, 0) as capsule_count,
    coalesce(counts.ship_count, 0) as ship_count,

    launches.launch_window_s,
    launches.static_fire_at_utc,
    launches.is_fairing_reused,
    launches.is_fairing_recovered,
    launches.webcast_url
from launches
left join cores
    on launches.launch_id = cores.launch_id
left join counts
    on launches.launch_id = counts.launch_id
