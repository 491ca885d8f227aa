with source as (
    select * from {{ source('spacex', 'launches') }}
),

renamed as (
    select
        id as launch_id,
        name as launch_name,
        flight_number,
        rocket_id,
        launchpad_id,

        -- time
        date_utc as launch_at_utc,
        date_precision,
        case when date_precision in ('day', 'hour') then cast(date_utc as date) end as launch_date,
        case
            when date_precision in ('month', 'day', 'hour') then cast(date_trunc('month', date_utc) as date)
        end as launch_month,
        cast(extract(year from date_utc) as integer) as launch_year,
        upcoming as is_upcoming,
        launch_window_s,
        static_fire_date_utc as static_fire_at_utc,

        -- outcome
        success as is_success,
        details,
        fairings_reused as is_fairing_reused,
        fairings_recovery_attempt as is_fairing_recovery_attempt,
        fairings_recovered as is_fairing_recovered,

        -- links
        launch_library_id,
        link_webcast as webcast_url,
        link_article as article_url,
        link_wikipedia as wikipedia_url,
        link_presskit as press_kit_url,
        link_patch_small as patch_url,

        -- load metadata
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
