with source as (
    select * from {{ source('spacex', 'roadster') }}
),

renamed as (
    select
        id as roadster_id,
        name as roadster_name,
        norad_id,
        launch_date_utc as launch_at_utc,
        launch_mass_kg,
        epoch_jd as elements_at_julian_date,
        orbit_type,
        apoapsis_au,
        periapsis_au,
        eccentricity,
        inclination as inclination_deg,
        longitude as longitude_of_ascending_node_deg,
        periapsis_arg as arg_of_periapsis_deg,
        period_days as period_d,
        earth_distance_km,
        mars_distance_km,
        wikipedia as wikipedia_url,
        details,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
