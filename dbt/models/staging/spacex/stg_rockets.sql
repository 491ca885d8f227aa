with source as (
    select * from {{ source('spacex', 'rockets') }}
),

renamed as (
    select
        id as rocket_id,
        name as rocket_name,
        active as is_active,
        first_flight as first_flight_date,
        country,
        company,
        stages as stage_count,
        boosters as side_booster_count,
        cost_per_launch as cost_per_launch_usd,
        success_rate_pct as reported_success_rate_pct,
        height_meters as height_m,
        diameter_meters as diameter_m,
        mass_kg,

        -- first stage
        first_stage_reusable as is_first_stage_reusable,
        first_stage_engines as first_stage_engine_count,
        first_stage_thrust_sea_level_kn,
        first_stage_thrust_vacuum_kn,
        first_stage_fuel_amount_tons as first_stage_propellant_t,
        first_stage_burn_time_sec as first_stage_burn_time_s,

        -- second stage
        second_stage_reusable as is_second_stage_reusable,
        second_stage_engines as second_stage_engine_count,
        second_stage_thrust_kn,
        second_stage_fuel_amount_tons as second_stage_propellant_t,
        second_stage_burn_time_sec as second_stage_burn_time_s,
        second_stage_fairing_height_meters as fairing_height_m,
        second_stage_fairing_diameter_meters as fairing_diameter_m,

        -- per engine
        engines_type as engine_type,
        engines_version as engine_version,
        engines_layout as engine_layout,
        engines_engine_loss_max as engine_loss_max,
        engines_propellant_1 as oxidiser,
        engines_propellant_2 as fuel,
        engines_isp_sea_level as engine_isp_sea_level_s,
        engines_isp_vacuum as engine_isp_vacuum_s,
        engines_thrust_sea_level_kn as engine_thrust_sea_level_kn,
        engines_thrust_vacuum_kn as engine_thrust_vacuum_kn,
        engines_thrust_to_weight as engine_thrust_to_weight,

        landing_legs_number as landing_leg_count,
        landing_legs_material as landing_leg_material,
        payload_weights,
        wikipedia as wikipedia_url,
        description,

        -- load metadata
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
