{{ redshift_layout(dist='all') }}

with nationalities as (
    select distinct
        payload_id,
        nationality
    from {{ ref('stg_payload_nationalities') }}
),

payloads as (
    select * from {{ ref('fct_payloads') }}
)

select
    nationalities.nationality,
    count(*) as payloads,
    {{ count_if('payloads.is_flown') }} as flown_payloads,
    count(distinct case when payloads.is_flown then payloads.launch_id end) as launches,
    cast(sum(case when payloads.is_flown then payloads.mass_kg end) as decimal(18, 2)) as flown_mass_kg,
    min(case when payloads.is_flown then payloads.launch_date end) as first_launch_date,
    max(case when payloads.is_flown then payloads.launch_date end) as last_launch_date
from nationalities
inner join payloads
    on nationalities.payload_id = payloads.payload_id
group by nationalities.nationality
