{{ config(materialized='materialized_view', on_configuration_change='apply') }}
{% if target.type == 'redshift' %}
    {{ config(auto_refresh=true, dist='all') }}
{% endif %}

select
    launch_year,
    launch_month,
    rocket_id,
    {{ count_if("launch_outcome <> 'planned'") }} as launches,
    {{ count_if("launch_outcome = 'success'") }} as successes,
    {{ count_if("launch_outcome = 'failure'") }} as failures,
    {{ count_if("launch_outcome = 'unknown'") }} as unknown_outcomes,
    {{ count_if("launch_outcome = 'planned'") }} as planned_launches
from {{ ref('fct_launches') }}
group by
    launch_year,
    launch_month,
    rocket_id
