with source as (
    select * from {{ source('spacex', 'launch_failures') }}
),

renamed as (
    select
        launch_id,
        position as failure_number,
        time_s as failure_time_s,
        altitude_km as failure_altitude_km,
        reason as failure_reason,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
