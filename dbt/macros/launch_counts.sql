{#- Counts launches by outcome: for past launches in all, and for planned ones. -#}
{% macro launch_counts() -%}
    {{ count_if("launch_outcome <> 'planned'") }} as launches,
        {{ count_if("launch_outcome = 'success'") }} as successes,
        {{ count_if("launch_outcome = 'failure'") }} as failures,
        {{ count_if("launch_outcome = 'unknown'") }} as unknown_outcomes,
        {{ count_if("launch_outcome = 'planned'") }} as planned_launches
{%- endmacro %}
