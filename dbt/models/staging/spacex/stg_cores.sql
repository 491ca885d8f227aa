with source as (
    select * from {{ source('spacex', 'cores') }}
),

renamed as (
    select
        id as core_id,
        serial as core_serial,
        status as core_status,
        block,
        reuse_count as reported_reuse_count,
        rtls_attempts as reported_rtls_attempts,
        rtls_landings as reported_rtls_landings,
        asds_landings as reported_asds_landings,
        last_update,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
