{#-
    dbt's own is_incremental() asks the warehouse. When the variable `compile_as_incremental` is set, this one answers
    from it, so that `dbt compile --no-populate-cache --no-introspect` shows both sides of an incremental model offline.
-#}
{% macro is_incremental() %}
    {% set answer = var('compile_as_incremental') %}
    {% do return(dbt.is_incremental() if answer is none else answer) %}
{% endmacro %}
