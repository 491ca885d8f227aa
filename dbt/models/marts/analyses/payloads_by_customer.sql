{{ redshift_layout(dist='all') }}

with payload_customers as (
    select distinct
        payload_id,
        customer_name
    from {{ ref('bridge_payload_customers') }}
),

payloads as (
    select * from {{ ref('fct_payloads') }}
),

counted as (
    select
        payload_customers.customer_name,
        count(*) as payloads,
        {{ count_if('payloads.is_flown') }} as flown_payloads,
        count(distinct case when payloads.is_flown then payloads.launch_id end) as launches,
        cast(sum(case when payloads.is_flown then payloads.mass_kg end) as decimal(18, 2)) as flown_mass_kg,
        min(case when payloads.is_flown then payloads.launch_date end) as first_launch_date,
        max(case when payloads.is_flown then payloads.launch_date end) as last_launch_date
    from payload_customers
    inner join payloads
        on payload_customers.payload_id = payloads.payload_id
    group by payload_customers.customer_name
),

customers as (
    select * from {{ ref('dim_customers') }}
)

select
    counted.customer_name,
    customers.reported_names,
    customers.customer_type,
    customers.country,
    counted.payloads,
    counted.flown_payloads,
    counted.launches,
    counted.flown_mass_kg,
    counted.first_launch_date,
    counted.last_launch_date
from counted
inner join customers
    on counted.customer_name = customers.customer_name
