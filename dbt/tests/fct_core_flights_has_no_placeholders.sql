-- Planned launches have slots without a core (slots with nine nulls are dropped before the load). Such a slot is not a
-- flight, while every slot with a core is one if the rocket lifted off. Returns the slots that violate this.
with slots as (
    select
        launch_cores.launch_id || '-' || cast(launch_cores.position as varchar(8)) as core_flight_id,
        launch_cores.core_id,
        launches.has_lifted_off
    from {{ source('spacex', 'launch_cores') }} as launch_cores
    inner join {{ ref('fct_launches') }} as launches
        on launch_cores.launch_id = launches.launch_id
    where launch_cores._deleted_at is null
)

select
    slots.core_flight_id as slot,
    slots.core_id,
    slots.has_lifted_off,
    flights.core_flight_id
from slots
full outer join {{ ref('fct_core_flights') }} as flights
    on slots.core_flight_id = flights.core_flight_id
where
    slots.core_flight_id is null
    or (flights.core_flight_id is null and slots.core_id is not null and slots.has_lifted_off)
    or (flights.core_flight_id is not null and (slots.core_id is null or not slots.has_lifted_off))
