with source as (
    select * from {{ source('spacex', 'payloads') }}
),

renamed as (
    select
        id as payload_id,
        name as payload_name,
        type as payload_type,
        reused as is_reused,
        launch_id as reported_launch_id,
        mass_kg,
        {{ json_list_length('norad_ids') }} as norad_id_count,

        -- orbit
        orbit,
        regime,
        reference_system,
        longitude as longitude_deg,
        semi_major_axis_km,
        eccentricity,
        periapsis_km,
        apoapsis_km,
        inclination_deg,
        period_min,
        mean_motion as mean_motion_rev_per_day,
        raan as raan_deg,
        arg_of_pericenter as arg_of_pericenter_deg,
        mean_anomaly as mean_anomaly_deg,
        epoch_utc as elements_at_utc,
        lifespan_years,

        -- Dragon only
        dragon_capsule_id,
        dragon_mass_returned_kg,
        dragon_flight_time_sec as dragon_flight_time_s,
        dragon_manifest as dragon_manifest_url,
        dragon_water_landing as is_dragon_water_landing,
        dragon_land_landing as is_dragon_land_landing,

        -- load metadata
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
