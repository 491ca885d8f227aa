with source as (
    select * from {{ source('spacex', 'payload_manufacturers') }}
),

renamed as (
    select
        payload_id,
        position as manufacturer_number,
        manufacturer as manufacturer_name,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
