{#-
    Returns when a source table was last fetched, from the newest run in the ledger that loaded this table. A run may load
    only some collections, so the newest run overall may not have loaded it.
-#}
{% macro last_fetch(table) %}
select max(fetched_at)
from {{ source('etl', 'runs') }}
where
    source = '{{ table.source_name }}'
    and {{ json_has('tables', table.name) }}
{% endmacro %}
