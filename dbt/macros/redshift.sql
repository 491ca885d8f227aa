{#- Sets the distribution and sort keys of a table on Redshift. Small tables use dist='all'. -#}
{% macro redshift_layout(dist, sort=none) %}
    {%- if target.type == 'redshift' -%}
        {{- config(dist=dist, sort=sort) -}}
    {%- endif -%}
{% endmacro %}
