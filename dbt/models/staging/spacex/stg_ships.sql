with source as (
    select * from {{ source('spacex', 'ships') }}
),

renamed as (
    select
        id as ship_id,
        name as ship_name,
        legacy_id,
        model,
        type as ship_type,
        roles,
        active as is_active,
        home_port,
        year_built,
        imo as imo_number,
        mmsi as mmsi_number,
        abs_id as abs_number,
        vessel_class as class_number,
        mass_kg,
        latitude as latitude_deg,
        longitude as longitude_deg,
        link as tracker_url,
        image as picture_url,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
