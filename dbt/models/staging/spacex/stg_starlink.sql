with source as (
    select * from {{ source('spacex', 'starlink') }}
),

renamed as (
    select
        id as satellite_id,
        norad_cat_id as norad_id,
        object_name as satellite_name,
        object_id as international_designator,
        version as satellite_version,
        launch_id,
        launch_date,
        site as launch_site,

        -- position
        decayed = 1 as is_decayed,
        decay_date,
        latitude as latitude_deg,
        longitude as longitude_deg,
        height_km,
        velocity_kms as velocity_km_s,

        -- orbital elements
        epoch_utc as elements_at_utc,
        inclination as inclination_deg,
        eccentricity,
        semimajor_axis as semi_major_axis_km,
        apoapsis as apoapsis_km,
        periapsis as periapsis_km,
        period as period_min,
        mean_motion as mean_motion_rev_per_day,
        ra_of_asc_node as raan_deg,
        arg_of_pericenter as arg_of_pericenter_deg,
        mean_anomaly as mean_anomaly_deg,
        bstar as bstar_per_earth_radius,
        tle_line1,
        tle_line2,

        rcs_size,

        -- load metadata
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
