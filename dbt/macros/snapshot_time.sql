{#-
    Snapshots stamp a vanished row with the time of the run. All timestamps of this project are UTC without a zone;
    dbt-postgres would take the session's zone. Redshift's getdate() is UTC already.
-#}
{% macro postgres__snapshot_get_time() -%}
    cast(now() at time zone 'UTC' as timestamp)
{%- endmacro %}
