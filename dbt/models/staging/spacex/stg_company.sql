with source as (
    select * from {{ source('spacex', 'company') }}
),

renamed as (
    select
        id as company_id,
        name as company_name,
        founder,
        founded as founded_year,
        employees as employee_count,
        vehicles as vehicle_type_count,
        launch_sites as launch_site_count,
        test_sites as test_site_count,
        ceo,
        cto,
        coo,
        cto_propulsion,
        valuation as valuation_usd,
        headquarters_address,
        headquarters_city,
        headquarters_state,
        link_website as website_url,
        summary,
        _run_id as run_id,
        _loaded_at as loaded_at_utc
    from source
    where _deleted_at is null
)

select * from renamed
