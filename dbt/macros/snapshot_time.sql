{#-
    The time at which a snapshot closes a deleted row. All timestamps of this project are UTC without a zone;
    dbt-postgres would use the session's time zone. Redshift's getdate() is UTC.
-#}
{% macro postgres__snapshot_get_time() -%}
    cast(now() at time zone 'UTC' as timestamp)
{%- endmacro %}
