{%- set lists = [
    'launch_cores', 'launch_payloads', 'launch_crew', 'launch_failures', 'launch_capsules', 'launch_ships'
] -%}

-- Deleting a row, for example a core that was removed from a launch, also changes the launch. The staging views exclude
-- deleted rows, so this model reads the loaded tables.
with changed as (
    select
        id as launch_id,
        _run_id as run_id
    from {{ source('spacex', 'launches') }}
    {% for list in lists %}
        union all

        select
            launch_id,
            _run_id as run_id
        from {{ source('spacex', list) }}
    {% endfor %}
),

runs as (
    select
        run_id,
        seq
    from {{ source('etl', 'runs') }}
    where source = 'spacex'
)

select
    changed.launch_id,
    max(coalesce(runs.seq, 0)) as run_seq
from changed
left join runs
    on changed.run_id = runs.run_id
group by changed.launch_id
