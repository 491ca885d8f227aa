{{ config(severity='warn') }}

-- Two customers whose names differ only in case, spaces or punctuation are probably the same customer: add one of them
-- to the seed `customer_names`. Returns the spellings.
with customers as (
    select
        customer_name,
        translate(lower(customer_name), ' .,()-_&', '') as letters
    from {{ ref('dim_customers') }}
)

select
    customers.customer_name,
    other_customers.customer_name as other_customer_name
from customers
inner join customers as other_customers
    on
        customers.letters = other_customers.letters
        and customers.customer_name < other_customers.customer_name
