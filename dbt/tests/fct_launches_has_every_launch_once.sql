-- flight_number is neither unique nor stable (four launches have 188), but every live launch must appear exactly once.
-- Returns launches that are missing, duplicated or deleted.
with loaded as (
    select id as launch_id
    from {{ source('spacex', 'launches') }}
    where _deleted_at is null
),

built as (
    select
        launch_id,
        count(*) as built_rows
    from {{ ref('fct_launches') }}
    group by launch_id
)

select
    loaded.launch_id,
    built.launch_id as built_launch_id,
    built.built_rows
from loaded
full outer join built
    on loaded.launch_id = built.launch_id
where
    loaded.launch_id is null
    or built.launch_id is null
    or built.built_rows <> 1
