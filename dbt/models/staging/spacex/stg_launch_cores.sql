with source as (
    select * from {{ source('spacex', 'launch_cores') }}
),

renamed as (
    select
        launch_id,
        position as core_slot,
        core_id,
        flight as reported_flight_number,
        gridfins as has_grid_fins,
        legs as has_legs,
        reused as is_reused,
        landing_attempt as is_landing_attempt,
        landing_success as is_landing_success,
        landing_type,
        landpad_id,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
