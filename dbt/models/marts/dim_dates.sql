{{ redshift_layout(dist='all', sort='date_day') }}

{#- Redshift has no generate_series with tables: the days are counted by five digits, enough for 270 years. #}
with digits as (
    {%- for digit in range(10) %}
    select {{ digit }} as digit{% if not loop.last %} union all{% endif %}
    {%- endfor %}
),

numbers as (
    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit + 10000 * others.digit as number
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as others
),

span as (
    select
        cast(date_trunc('year', min(launch_at_utc)) as date) as first_day,
        cast(date_trunc('year', max(launch_at_utc)) + interval '1 year' as date) as end_day
    from {{ ref('int_launches_with_outcome') }}
),

days as (
    select cast(span.first_day + numbers.number as date) as date_day
    from numbers
    inner join span
        on span.first_day + numbers.number < span.end_day
)

select
    date_day,
    cast(date_trunc('month', date_day) as date) as date_month,
    cast(extract(year from date_day) as integer) as date_year
from days
