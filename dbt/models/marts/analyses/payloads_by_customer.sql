{{ redshift_layout(dist='all') }}

with customers as (
    select distinct
        payload_id,
        customer_name
    from {{ ref('stg_payload_customers') }}
),

payloads as (
    select * from {{ ref('fct_payloads') }}
)

select
    customers.customer_name,
    count(*) as payloads,
    {{ count_if('payloads.is_flown') }} as flown_payloads,
    count(distinct case when payloads.is_flown then payloads.launch_id end) as launches,
    cast(sum(case when payloads.is_flown then payloads.mass_kg end) as decimal(18, 2)) as flown_mass_kg,
    min(case when payloads.is_flown then payloads.launch_date end) as first_launch_date,
    max(case when payloads.is_flown then payloads.launch_date end) as last_launch_date
from customers
inner join payloads
    on customers.payload_id = payloads.payload_id
group by customers.customer_name
