{#-
    The combination of these columns is unique; with `required`, none of the columns is null. Returns each combination
    that violates this.
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
