{{ redshift_layout(dist='all') }}

with names as (
    select distinct
        customer_name,
        reported_customer_name
    from {{ ref('int_payload_customers') }}
),

customers as (
    select
        customer_name,
        {{ text_list('reported_customer_name') }} as reported_names
    from names
    group by customer_name
),

known as (
    select * from {{ ref('customers') }}
)

select
    customers.customer_name,
    customers.reported_names,
    known.customer_type,
    known.country
from customers
left join known
    on customers.customer_name = known.customer_name
