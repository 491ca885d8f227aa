with source as (
    select * from {{ source('etl', 'findings') }}
),

renamed as (
    select
        source,
        seq,
        table_name,
        check_name,
        problem,
        refused as is_refused,
        reason
    from source
)

select * from renamed
