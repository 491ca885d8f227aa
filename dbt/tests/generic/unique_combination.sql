{#-
    No two rows share the values of these columns together; with `required`, none of the columns is null either. Shows
    each such combination.
-#}
{% test unique_combination(model, columns, required=false) %}
select
    {{ columns | join(', ') }},
    count(*) as occurrences
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns if required %}
        or {{ column }} is null
    {% endfor %}
{% endtest %}
