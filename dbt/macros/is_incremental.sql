{#-
    dbt's is_incremental() queries the warehouse. This one returns the `compile_as_incremental` variable if it is set, so
    that `dbt compile --no-populate-cache --no-introspect` can compile both variants of an incremental model offline.
-#}
{% macro is_incremental() %}
    {% set value = var('compile_as_incremental') %}
    {% do return(dbt.is_incremental() if value is none else value) %}
{% endmacro %}
