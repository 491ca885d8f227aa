{#-
    Returns the time at which a snapshot closes a deleted row. All timestamps in this project are UTC without a time zone;
    dbt-postgres would use the session's time zone. On Redshift, getdate() already returns UTC.
-#}
{% macro postgres__snapshot_get_time() -%}
    cast(now() at time zone 'UTC' as timestamp)
{%- endmacro %}
