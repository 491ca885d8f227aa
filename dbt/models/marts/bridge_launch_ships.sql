{{ redshift_layout(dist='all') }}

select distinct
    launch_id,
    ship_id
from {{ ref('stg_launch_ships') }}
