{#-
    Every non-null value occurs in the `field` column of `to`; `to_where` selects the rows of `to` to search. Returns each
    row whose value does not occur, so `error_if: ">N"` allows N known gaps.

    An empty table has not been loaded by any run yet: a run may load only some collections, and a load does not empty a
    table. References to an empty table cannot be checked, so the test passes.
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
