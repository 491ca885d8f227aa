with source as (
    select * from {{ source('spacex', 'capsules') }}
),

renamed as (
    select
        id as capsule_id,
        serial as capsule_serial,
        status as capsule_status,
        type as capsule_type,
        reuse_count as reported_reuse_count,
        water_landings as reported_water_landings,
        land_landings as reported_land_landings,
        last_update,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
