with source as (
    select * from {{ source('spacex', 'crew') }}
),

renamed as (
    select
        id as crew_id,
        name as crew_name,
        agency,
        status as crew_status,
        image as portrait_url,
        wikipedia as wikipedia_url,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
