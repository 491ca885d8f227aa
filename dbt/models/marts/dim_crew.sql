{{ redshift_layout(dist='all') }}

with crew as (
    select * from {{ ref('stg_crew') }}
),

flights as (
    select
        launch_crew.crew_id,
        count(distinct launches.launch_id) as flight_count,
        min(launches.launch_at_utc) as first_launch_at_utc,
        max(launches.launch_at_utc) as last_launch_at_utc
    from {{ ref('stg_launch_crew') }} as launch_crew
    inner join {{ ref('int_launches_with_outcome') }} as launches
        on launch_crew.launch_id = launches.launch_id
    where launches.has_lifted_off
    group by launch_crew.crew_id
)

select
    crew.crew_id,
    crew.crew_name,
    crew.agency,
    crew.crew_status,
    coalesce(flights.flight_count, 0) as flight_count,
    flights.first_launch_at_utc,
    flights.last_launch_at_utc,
    crew.portrait_url,
    crew.wikipedia_url
from crew
left join flights
    on crew.crew_id = flights.crew_id
