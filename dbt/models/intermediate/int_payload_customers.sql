with reported as (
    select distinct
        payload_id,
        customer_name as reported_customer_name
    from {{ ref('stg_payload_customers') }}
),

names as (
    select * from {{ ref('customer_names') }}
)

select
    reported.payload_id,
    reported.reported_customer_name,
    coalesce(names.customer_name, reported.reported_customer_name) as customer_name,
    names.programme
from reported
left join names
    on reported.reported_customer_name = names.reported_name
