{#-
    Returns the time at which a snapshot closes a deleted row. All timestamps in this project are UTC without a time zone;
    dbt-postgres would use the session's time zone. On Redshift, getdate() already returns UTC.

    The Redshift macro is the adapter's own. It is repeated here because dbt prefers a PostgreSQL macro in the project to
    a Redshift macro in the adapter, and now() is a leader-node function in Redshift.
-#}
{% macro postgres__snapshot_get_time() -%}
    cast(now() at time zone 'UTC' as timestamp)
{%- endmacro %}

{% macro redshift__snapshot_get_time() -%}
    cast(getdate() as timestamp)
{%- endmacro %}
