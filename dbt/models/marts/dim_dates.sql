{{ redshift_layout(dist='all', sort='date_day') }}

{#- Redshift has no generate_series with tables: the days are counted by five digits, enough for 270 years. #}
with digits as (
    {%- for digit in range(10) %}
        select {{ digit }} as digit
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

offsets as (
    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit
        + 10000 * ten_thousands.digit as day_count
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as ten_thousands
),

range_of_years as (
    select
        cast(date_trunc('year', min(launch_at_utc)) as date) as first_day,
        cast(date_trunc('year', max(launch_at_utc)) + interval '1 year' as date) as end_day
    from {{ ref('int_launches_with_outcome') }}
),

days as (
    select cast(range_of_years.first_day + offsets.day_count as date) as date_day
    from offsets
    inner join range_of_years
        on range_of_years.first_day + offsets.day_count < range_of_years.end_day
)

select
    date_day,
    cast(date_trunc('month', date_day) as date) as date_month,
    cast(extract(year from date_day) as integer) as date_year
from days
