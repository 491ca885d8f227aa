{#-
    All models, stored failures and snapshots use the target's schema: dbt runs as `transformer`, which owns `analytics`
    and cannot create other schemas.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema }}
{%- endmacro %}
