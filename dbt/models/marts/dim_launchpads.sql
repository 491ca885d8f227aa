{{ redshift_layout(dist='all') }}

select
    launchpad_id,
    launchpad_name,
    launchpad_full_name,
    launchpad_status,
    locality,
    region,
    time_zone,
    latitude_deg,
    longitude_deg,
    details
from {{ ref('stg_launchpads') }}
