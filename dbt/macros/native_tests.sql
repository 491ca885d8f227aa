{#-
    dbt's own tests, as this project runs them: they select entire rows, so that the compiled SQL of a failed test shows
    them.
-#}
{% macro default__test_not_null(model, column_name) %}
    select *
    from {{ model }}
    where {{ column_name }} is null
{% endmacro %}

{#-
    A value that does not occur in `to` is a warning, because everything can be built without it. Rows that the source has
    deleted do not count. If `to` is empty, no run has loaded it yet (a run may load only some collections, and a load
    does not empty a table), and the test passes.
-#}
{% macro default__test_relationships(model, column_name, to, field) %}
{{- config(severity='warn') -}}
{%- set sources = graph.sources.values() | map(attribute='relation_name') | list if execute else [] -%}
{%- set live = '_deleted_at is null' if to | string in sources else 'true' -%}
with referring as (
    select * from {{ model }}
    where {{ column_name }} is not null
),

referred as (
    select distinct {{ field }} as value
    from {{ to }}
    where {{ live }}
)

select referring.*
from referring
left join referred
    on referring.{{ column_name }} = referred.value
where
    referred.value is null
    and exists (select 1 from {{ to }})
{% endmacro %}
