-- The incremental model includes the latest change to every launch. Returns launches that do not.
select
    launches.launch_id,
    launches.launch_name,
    launches.run_seq as built_from,
    changes.run_seq as last_change
from {{ ref('fct_launches') }} as launches
inner join {{ ref('int_launch_changes') }} as changes
    on launches.launch_id = changes.launch_id
where launches.run_seq <> changes.run_seq
