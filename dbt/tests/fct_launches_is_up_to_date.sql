-- The incremental model has the last change of every launch. Returns launches that are older than their last load.
select
    launches.launch_id,
    launches.launch_name,
    launches.run_seq as built_from,
    changes.run_seq as last_change
from {{ ref('fct_launches') }} as launches
inner join {{ ref('int_launch_changes') }} as changes
    on launches.launch_id = changes.launch_id
where launches.run_seq <> changes.run_seq
