{#-
    When a source table's data was last asked for: the newest run in the ledger that loaded this table. A run may take
    some collections only, so the newest run of all says nothing about one table.
-#}
{% macro last_fetch(table) %}
select max(fetched_at)
from {{ source('etl', 'runs') }}
where
    source = '{{ table.source_name }}'
    and {{ json_has('tables', table.name) }}
{% endmacro %}
