with source as (
    select * from {{ source('spacex', 'history') }}
),

renamed as (
    select
        id as event_id,
        title as event_title,
        event_date_utc as event_at_utc,
        details,
        link_article as article_url,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
