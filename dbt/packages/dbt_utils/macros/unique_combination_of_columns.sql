{#- The combination of these columns is unique. Returns each combination that is not. -#}
{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}
{%- set columns = (combination_of_columns | map('tojson') if quote_columns else combination_of_columns) | join(', ') -%}
select
    {{ columns }},
    count(*) as occurrences
from {{ model }}
group by {{ columns }}
having count(*) > 1
{% endtest %}
