{#-
    Counts launches by outcome: those that lifted off in all and by their outcome, and those that did not. The counts of each
    group add up to its rows with an outcome.
-#}
{% macro launch_counts() -%}
    {{ count_if("launch_outcome in ('success', 'failure', 'unknown')") }} as launches,
        {{ count_if("launch_outcome = 'success'") }} as successes,
        {{ count_if("launch_outcome = 'failure'") }} as failures,
        {{ count_if("launch_outcome = 'unknown'") }} as unknown_outcomes,
        {{ count_if("launch_outcome = 'pad_loss'") }} as pad_losses,
        {{ count_if("launch_outcome = 'planned'") }} as planned_launches,
        {{ count_if("launch_outcome = 'overdue'") }} as overdue_launches
{%- endmacro %}
