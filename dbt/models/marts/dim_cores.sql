{{ redshift_layout(dist='all') }}

select
    core_id,
    core_serial,
    core_status,
    block,
    last_update
from {{ ref('stg_cores') }}
