with source as (
    select * from {{ source('spacex', 'payload_customers') }}
),

renamed as (
    select
        payload_id,
        position as customer_number,
        customer as customer_name,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
