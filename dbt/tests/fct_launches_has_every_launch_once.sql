-- flight_number is neither unique nor stable (188 stands four times): whatever shares one, every live launch is there
-- exactly once. Shows launches that are missing, doubled or left over.
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
