with source as (
    select * from {{ source('spacex', 'launchpads') }}
),

renamed as (
    select
        id as launchpad_id,
        name as launchpad_name,
        full_name as launchpad_full_name,
        status as launchpad_status,
        locality,
        region,
        timezone as time_zone,
        latitude as latitude_deg,
        longitude as longitude_deg,
        launch_attempts as reported_launches,
        launch_successes as reported_launch_successes,
        details,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
