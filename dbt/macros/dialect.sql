{#-
    SQL that differs between PostgreSQL and Redshift, and the arithmetic of all rates and durations. Models do not use
    SQL that only one of them supports (`filter`, `distinct on`, `is distinct from`).
-#}

{#- The number of rows for which the condition is true. -#}
{% macro count_if(condition) -%}
    count(case when {{ condition }} then 1 end)
{%- endmacro %}

{#- part / whole from 0 to 1 with four digits; null when the whole is 0. -#}
{% macro share_of(part, whole) -%}
    cast(cast({{ part }} as double precision) / nullif({{ whole }}, 0) as decimal(7, 4))
{%- endmacro %}

{#- Days from one timestamp to a later one, with two digits. -#}
{% macro days_between(earlier, later) -%}
    {%- if target.type == 'redshift' -%}
        cast(datediff(second, {{ earlier }}, {{ later }}) / 86400.0 as decimal(12, 2))
    {%- else -%}
        cast(extract(epoch from {{ later }} - {{ earlier }}) / 86400.0 as decimal(12, 2))
    {%- endif -%}
{%- endmacro %}

{#- The values of a group as one sorted text: `a, b, c`. -#}
{% macro text_list(value) -%}
    {%- if target.type == 'redshift' -%}
        listagg({{ value }}, ', ') within group (order by {{ value }})
    {%- else -%}
        string_agg({{ value }}, ', ' order by {{ value }})
    {%- endif -%}
{%- endmacro %}

{#- Number of elements of a JSON list; null for null. -#}
{% macro json_list_length(value) -%}
    {%- if target.type == 'redshift' -%}
        get_array_length({{ value }})
    {%- else -%}
        jsonb_array_length({{ value }})
    {%- endif -%}
{%- endmacro %}

{#- Whether a JSON object has a key. -#}
{% macro json_has(object, key) -%}
    {%- if target.type == 'redshift' -%}
        {{ object }}.{{ key }} is not null
    {%- else -%}
        {{ object }} -> '{{ key }}' is not null
    {%- endif -%}
{%- endmacro %}
