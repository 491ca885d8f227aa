{{ config(materialized='view') }}

select
    flight,
    rocket,
    flown_at,
    {{ json_list_length('tags') }} as tag_count
from {{ source('spacex', 'flights') }}
