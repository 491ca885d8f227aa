-- date_unix and date_local contradict date_utc in a few records; the model must use date_utc. Returns launches with a
-- different time.
select
    launches.launch_id,
    launches.launch_name,
    launches.launch_at_utc,
    loaded.date_utc,
    loaded.date_unix
from {{ ref('fct_launches') }} as launches
inner join {{ source('spacex', 'launches') }} as loaded
    on launches.launch_id = loaded.id
where launches.launch_at_utc <> loaded.date_utc
