{#- Distribution and sort key of a table on Redshift; nothing on PostgreSQL. Small tables use dist='all'. -#}
{% macro redshift_layout(dist, sort=none) %}
    {%- if target.type == 'redshift' -%}
        {{- config(dist=dist, sort=sort) -}}
    {%- endif -%}
{% endmacro %}
