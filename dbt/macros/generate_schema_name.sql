{#-
    Everything lands in the target's schema, tests' stored failures and snapshots included: dbt runs as `transformer`,
    which owns `analytics` and may not create other schemas.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema }}
{%- endmacro %}
