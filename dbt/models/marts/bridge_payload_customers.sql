{{ redshift_layout(dist='all') }}

with payload_customers as (
    select * from {{ ref('int_payload_customers') }}
)

select
    payload_id,
    reported_customer_name,
    customer_name,
    programme
from payload_customers
