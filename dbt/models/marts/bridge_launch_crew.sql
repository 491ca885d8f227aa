{{ redshift_layout(dist='all') }}

select distinct
    launch_id,
    crew_id
from {{ ref('stg_launch_crew') }}
