{#-
    Every value is found in the column `field` of `to`, nulls aside; `to_where` says which rows of `to` count. Shows each
    row whose value is not, so that `error_if: ">N"` allows for N known gaps.

    A table without a single row was not loaded by any run yet (a run may take some collections only; the load refuses to
    empty a table). It proves nothing about who points to it, so the test passes.
-#}
{% test resolves(model, column_name, to, field, to_where='true') %}
with referring as (
    select * from {{ model }}
    where {{ column_name }} is not null
),

referred as (
    select distinct {{ field }} as value
    from {{ to }}
    where {{ to_where }}
)

select
    referring.{{ column_name }} as not_found,
    referring.*
from referring
left join referred
    on referring.{{ column_name }} = referred.value
where
    referred.value is null
    and exists (select 1 from {{ to }})
{% endtest %}
