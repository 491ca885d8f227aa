{{ redshift_layout(dist='all', sort='launch_at_utc') }}

with payloads as (
    select * from {{ ref('stg_payloads') }}
),

launches as (
    select * from {{ ref('int_launches_with_outcome') }}
),

-- the source links payloads and launches in two places: in the launch's payload list and in the payload itself
claims as (
    select
        payload_id,
        launch_id,
        1 as is_listed,
        0 as is_reported
    from {{ ref('stg_launch_payloads') }}

    union all

    select
        payload_id,
        reported_launch_id as launch_id,
        0 as is_listed,
        1 as is_reported
    from payloads
    where reported_launch_id is not null
),

candidates as (
    select
        claims.payload_id,
        claims.launch_id,
        max(claims.is_listed) as is_listed,
        max(claims.is_reported) as is_reported
    from claims
    group by
        claims.payload_id,
        claims.launch_id
),

-- order of precedence: linked in both places, only in the launch's list, only in the payload; then the earlier launch.
-- Deleted launches are excluded
ranked as (
    select
        candidates.payload_id,
        candidates.launch_id,
        cast(
            case
                when candidates.is_listed = 1 and candidates.is_reported = 1 then 'both'
                when candidates.is_listed = 1 then 'listed'
                else 'reported'
            end as varchar(16)
        ) as launch_link,
        row_number() over (
            partition by candidates.payload_id
            order by
                candidates.is_listed desc,
                candidates.is_reported desc,
                launches.launch_at_utc asc,
                launches.launch_id asc
        ) as preference
    from candidates
    inner join launches
        on candidates.launch_id = launches.launch_id
),

payload_customers as (
    select distinct
        payload_id,
        customer_name
    from {{ ref('bridge_payload_customers') }}
),

customers as (
    select
        payload_id,
        {{ text_list('customer_name') }} as customers
    from payload_customers
    group by payload_id
),

nationalities as (
    select
        payload_id,
        {{ text_list('nationality') }} as nationalities
    from {{ ref('stg_payload_nationalities') }}
    group by payload_id
),

manufacturers as (
    select
        payload_id,
        {{ text_list('manufacturer_name') }} as manufacturers
    from {{ ref('stg_payload_manufacturers') }}
    group by payload_id
)

select
    payloads.payload_id,
    payloads.payload_name,
    payloads.payload_type,
    payloads.is_reused,
    payloads.dragon_capsule_id as capsule_id,

    ranked.launch_id,
    ranked.launch_link,
    launches.rocket_id,
    launches.launch_at_utc,
    launches.launch_date,
    launches.launch_year,
    coalesce(launches.has_lifted_off, false) as is_flown,
    launches.is_success as is_launch_success,
    coalesce(
        launches.has_lifted_off
        and launches.is_success
        and (payloads.regime is null or payloads.regime <> 'sub-orbital'),
        false
    ) as has_reached_orbit,

    payloads.orbit,
    payloads.regime,
    payloads.mass_kg,
    payloads.norad_id_count,
    payloads.lifespan_years,
    payloads.periapsis_km,
    payloads.apoapsis_km,
    payloads.inclination_deg,
    payloads.period_min,

    customers.customers,
    nationalities.nationalities,
    manufacturers.manufacturers
from payloads
left join ranked
    on
        payloads.payload_id = ranked.payload_id
        and ranked.preference = 1
left join launches
    on ranked.launch_id = launches.launch_id
left join customers
    on payloads.payload_id = customers.payload_id
left join nationalities
    on payloads.payload_id = nationalities.payload_id
left join manufacturers
    on payloads.payload_id = manufacturers.payload_id
