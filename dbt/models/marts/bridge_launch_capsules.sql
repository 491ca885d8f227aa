{{ redshift_layout(dist='all') }}

select distinct
    launch_id,
    capsule_id
from {{ ref('stg_launch_capsules') }}
