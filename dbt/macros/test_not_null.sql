{#- dbt's own not_null shows a column of nulls; this one shows the rows. -#}
{% macro default__test_not_null(model, column_name) %}
    select *
    from {{ model }}
    where {{ column_name }} is null
{% endmacro %}
