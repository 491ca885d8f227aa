{{ redshift_layout(dist='all') }}

select
    landpad_id,
    landpad_name,
    landpad_full_name,
    landpad_status,
    landing_type,
    locality,
    region,
    latitude_deg,
    longitude_deg,
    details,
    wikipedia_url
from {{ ref('stg_landpads') }}
