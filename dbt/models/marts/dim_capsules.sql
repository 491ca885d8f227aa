{{ redshift_layout(dist='all') }}

with capsules as (
    select * from {{ ref('stg_capsules') }}
),

flights as (
    select
        launch_capsules.capsule_id,
        count(distinct launches.launch_id) as flight_count,
        min(launches.launch_at_utc) as first_launch_at_utc,
        max(launches.launch_at_utc) as last_launch_at_utc
    from {{ ref('stg_launch_capsules') }} as launch_capsules
    inner join {{ ref('int_launches_with_outcome') }} as launches
        on launch_capsules.launch_id = launches.launch_id
    where launches.has_lifted_off
    group by launch_capsules.capsule_id
)

select
    capsules.capsule_id,
    capsules.capsule_serial,
    capsules.capsule_status,
    capsules.capsule_type,
    coalesce(flights.flight_count, 0) as flight_count,
    flights.first_launch_at_utc,
    flights.last_launch_at_utc,
    capsules.reported_reuse_count,
    capsules.reported_water_landings,
    capsules.last_update
from capsules
left join flights
    on capsules.capsule_id = flights.capsule_id
