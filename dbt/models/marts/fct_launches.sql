{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='launch_id',
        on_schema_change='fail',
        post_hook="delete from {{ this }} where launch_id not in (select launch_id from {{ ref('stg_launches') }})"
    )
}}
{{ redshift_layout(dist='launch_id', sort='launch_at_utc') }}

with launches as (
    select * from {{ ref('stg_launches') }}
),

changes as (
    select * from {{ ref('int_launch_changes') }}
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

payloads as (
    select
        launch_id,
        count(*) as payload_count
    from {{ ref('stg_launch_payloads') }}
    group by launch_id
),

crew as (
    select
        launch_id,
        count(*) as crew_count
    from {{ ref('stg_launch_crew') }}
    group by launch_id
),

capsules as (
    select
        launch_id,
        count(*) as capsule_count
    from {{ ref('stg_launch_capsules') }}
    group by launch_id
),

ships as (
    select
        launch_id,
        count(*) as ship_count
    from {{ ref('stg_launch_ships') }}
    group by launch_id
),

failures as (
    select
        launch_id,
        min(failure_time_s) as failure_time_s,
        {{ text_list('failure_reason') }} as failure_reason
    from {{ ref('stg_launch_failures') }}
    group by launch_id
),

final as (
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
        case
            when launches.is_upcoming then 'planned'
            when launches.is_success then 'success'
            when not launches.is_success then 'failure'
            else 'unknown'
        end as launch_outcome,
        failures.failure_time_s,
        failures.failure_reason,

        coalesce(cores.core_count, 0) as core_count,
        coalesce(cores.reused_core_count, 0) as reused_core_count,
        coalesce(cores.landing_attempt_count, 0) as landing_attempt_count,
        coalesce(cores.landing_success_count, 0) as landing_success_count,
        coalesce(payloads.payload_count, 0) as payload_count,
        coalesce(crew.crew_count, 0) as crew_count,
        coalesce(capsules.capsule_count, 0) as capsule_count,
        coalesce(ships.ship_count, 0) as ship_count,

        launches.launch_window_s,
        launches.static_fire_at_utc,
        launches.is_fairing_reused,
        launches.is_fairing_recovered,
        launches.webcast_url,

        changes.run_seq
    from launches
    inner join changes
        on launches.launch_id = changes.launch_id
    left join cores
        on launches.launch_id = cores.launch_id
    left join payloads
        on launches.launch_id = payloads.launch_id
    left join crew
        on launches.launch_id = crew.launch_id
    left join capsules
        on launches.launch_id = capsules.launch_id
    left join ships
        on launches.launch_id = ships.launch_id
    left join failures
        on launches.launch_id = failures.launch_id
)

select final.*
from final
{% if is_incremental() %}
    -- run_seq identifies the load from which a row was built; launches with a later change are rebuilt
    left join {{ this }} as built
        on final.launch_id = built.launch_id
    where
        built.launch_id is null
        or built.run_seq <> final.run_seq
{% endif %}
