with source as (
    select * from {{ source('spacex', 'landpads') }}
),

renamed as (
    select
        id as landpad_id,
        name as landpad_name,
        full_name as landpad_full_name,
        status as landpad_status,
        type as landing_type,
        locality,
        region,
        latitude as latitude_deg,
        longitude as longitude_deg,
        landing_attempts as reported_landing_attempts,
        landing_successes as reported_landing_successes,
        details,
        wikipedia as wikipedia_url,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
