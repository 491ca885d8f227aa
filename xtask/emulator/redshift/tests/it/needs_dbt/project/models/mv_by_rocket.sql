{{ config(materialized='materialized_view', on_configuration_change='apply', auto_refresh=true, dist='all') }}

select
    rocket,
    count(*) as flights
from {{ ref('merged') }}
group by rocket
