{#-
    The time at which a snapshot closes a deleted row. All timestamps of this project are UTC without a zone;
    dbt-postgres would use the session's time zone. Redshift's getdate() is UTC.

    The macro for Redshift is the adapter's own. It is repeated here because dbt prefers a macro of the project for
    PostgreSQL to one of the adapter for Redshift, and now() is a function of Redshift's leader node only.
-#}
{% macro postgres__snapshot_get_time() -%}
    cast(now() at time zone 'UTC' as timestamp)
{%- endmacro %}

{% macro redshift__snapshot_get_time() -%}
    cast(getdate() as timestamp)
{%- endmacro %}
