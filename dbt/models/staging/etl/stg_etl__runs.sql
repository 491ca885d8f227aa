with source as (
    select * from {{ source('etl', 'runs') }}
),

renamed as (
    select
        seq,
        source,
        run_id,
        fetched_at as fetched_at_utc,
        loaded_at as loaded_at_utc,
        committed_at as committed_at_utc,
        collections,
        tables
    from source
)

select * from renamed
