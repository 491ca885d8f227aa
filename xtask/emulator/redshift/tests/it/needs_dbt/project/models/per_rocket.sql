{{ config(materialized='table') }}
{{ redshift_layout(dist='all', sort='rocket') }}

select
    rocket,
    {{ text_list('flight') }} as flights,
    count(*) as flight_count,
    {{ days_between('min(flown_at)', 'max(flown_at)') }} as days
from {{ ref('stg_flights') }}
group by rocket
