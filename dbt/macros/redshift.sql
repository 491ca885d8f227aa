{#- How a table is spread and sorted on Redshift; nothing on PostgreSQL. Small tables go to every node: dist='all'. -#}
{% macro redshift_layout(dist, sort=none) %}
    {%- if target.type == 'redshift' -%}
        {{- config(dist=dist, sort=sort) -}}
    {%- endif -%}
{% endmacro %}
