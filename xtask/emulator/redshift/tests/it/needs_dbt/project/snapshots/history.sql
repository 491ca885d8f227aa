{% snapshot history %}

{{ config(unique_key='flight', strategy='check', check_cols=['rocket'], hard_deletes='invalidate') }}

select
    flight,
    rocket
from {{ ref('stg_flights') }}

{% endsnapshot %}
