-- Planned launches have slots without a core (slots with nine nulls are dropped before the load). Such a slot is not a
-- flight, while every slot of a past launch with a core is one. Returns the slots that violate this.
with slots as (
    select
        launch_cores.launch_id || '-' || cast(launch_cores.position as varchar(8)) as core_flight_id,
        launch_cores.core_id,
        launches.upcoming
    from {{ source('spacex', 'launch_cores') }} as launch_cores
    inner join {{ source('spacex', 'launches') }} as launches
        on launch_cores.launch_id = launches.id
    where
        launch_cores._deleted_at is null
        and launches._deleted_at is null
)

select
    slots.core_flight_id as slot,
    slots.core_id,
    slots.upcoming,
    flights.core_flight_id
from slots
full outer join {{ ref('fct_core_flights') }} as flights
    on slots.core_flight_id = flights.core_flight_id
where
    slots.core_flight_id is null
    or (flights.core_flight_id is null and slots.core_id is not null and not slots.upcoming)
    or (flights.core_flight_id is not null and (slots.core_id is null or slots.upcoming))
