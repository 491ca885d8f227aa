{{ config(materialized='incremental', incremental_strategy='merge', unique_key='flight', on_schema_change='fail') }}
{{ redshift_layout(dist='flight', sort='flown_at') }}

select
    flight,
    rocket,
    flown_at
from {{ ref('stg_flights') }}
