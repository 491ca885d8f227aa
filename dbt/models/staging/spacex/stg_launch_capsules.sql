with source as (
    select * from {{ source('spacex', 'launch_capsules') }}
),

renamed as (
    select
        launch_id,
        position as capsule_slot,
        capsule_id,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
