with listed as (
    select distinct
        launch_id,
        'payload' as kind,
        payload_id as item_id
    from {{ ref('stg_launch_payloads') }}

    union all

    select distinct
        launch_id,
        'crew' as kind,
        crew_id as item_id
    from {{ ref('stg_launch_crew') }}

    union all

    select distinct
        launch_id,
        'capsule' as kind,
        capsule_id as item_id
    from {{ ref('stg_launch_capsules') }}

    union all

    select distinct
        launch_id,
        'ship' as kind,
        ship_id as item_id
    from {{ ref('stg_launch_ships') }}
)

select
    launch_id,
    {{ count_if("kind = 'payload'") }} as payload_count,
    {{ count_if("kind = 'crew'") }} as crew_count,
    {{ count_if("kind = 'capsule'") }} as capsule_count,
    {{ count_if("kind = 'ship'") }} as ship_count
from listed
group by launch_id
