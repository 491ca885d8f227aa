{#- dbt's not_null test selects only the column; this version selects entire rows. -#}
{% macro default__test_not_null(model, column_name) %}
    select *
    from {{ model }}
    where {{ column_name }} is null
{% endmacro %}
