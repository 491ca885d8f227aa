{#-
    SQL that differs between PostgreSQL and Redshift, and the calculation of all rates and durations. Models do not use
    SQL that only one of them supports (`filter`, `distinct on`, `is distinct from`).
-#}

{#- Counts the rows for which the condition is true. -#}
{% macro count_if(condition) -%}
    count(case when {{ condition }} then 1 end)
{%- endmacro %}

{#- Returns part / whole, from 0 to 1, to four decimal places; null if the whole is 0. -#}
{% macro share_of(part, whole) -%}
    cast(cast({{ part }} as double precision) / nullif({{ whole }}, 0) as decimal(7, 4))
{%- endmacro %}

{#- Returns the days from one timestamp to a later one, to two decimal places. -#}
{% macro days_between(earlier, later) -%}
    {%- if target.type == 'redshift' -%}
        cast(datediff(second, {{ earlier }}, {{ later }}) / 86400.0 as decimal(12, 2))
    {%- else -%}
        cast(extract(epoch from {{ later }} - {{ earlier }}) / 86400.0 as decimal(12, 2))
    {%- endif -%}
{%- endmacro %}

{#- Joins the values of a group in sorted order: `a, b, c`. -#}
{% macro text_list(value) -%}
    {%- if target.type == 'redshift' -%}
        listagg({{ value }}, ', ') within group (order by {{ value }})
    {%- else -%}
        string_agg({{ value }}, ', ' order by {{ value }})
    {%- endif -%}
{%- endmacro %}

{#- Returns the number of elements in a JSON array; null for null. -#}
{% macro json_list_length(value) -%}
    {%- if target.type == 'redshift' -%}
        cast(get_array_length({{ value }}) as integer)
    {%- else -%}
        jsonb_array_length({{ value }})
    {%- endif -%}
{%- endmacro %}

{#- Checks whether a JSON object has a key. -#}
{% macro json_has(object, key) -%}
    {%- if target.type == 'redshift' -%}
        {{ object }}.{{ key }} is not null
    {%- else -%}
        {{ object }} -> '{{ key }}' is not null
    {%- endif -%}
{%- endmacro %}
