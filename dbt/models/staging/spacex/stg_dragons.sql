with source as (
    select * from {{ source('spacex', 'dragons') }}
),

renamed as (
    select
        id as dragon_id,
        name as dragon_name,
        type as dragon_type,
        active as is_active,
        first_flight as first_flight_date,
        crew_capacity,
        orbit_duration_yr,
        dry_mass_kg,
        height_w_trunk_meters as height_with_trunk_m,
        diameter_meters as diameter_m,
        sidewall_angle_deg,
        heat_shield_material,
        heat_shield_size_meters as heat_shield_size_m,
        heat_shield_dev_partner,
        launch_payload_mass_kg,
        launch_payload_vol_cubic_meters as launch_payload_volume_m3,
        return_payload_mass_kg,
        return_payload_vol_cubic_meters as return_payload_volume_m3,
        pressurized_volume_cubic_meters as pressurized_volume_m3,
        trunk_volume_cubic_meters as trunk_volume_m3,
        trunk_cargo_solar_array as trunk_solar_arrays,
        trunk_cargo_unpressurized_cargo as is_trunk_for_unpressurized_cargo,
        thrusters,
        wikipedia as wikipedia_url,
        description,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
