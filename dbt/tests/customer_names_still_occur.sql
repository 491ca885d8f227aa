{{ config(severity='warn') }}

-- A mapped name that the source no longer has is not needed in `customer_names`. Returns names of which every loaded row is
-- deleted; a name that was never loaded, for example because a run loaded a part of the payloads, does not count.
select names.reported_name
from {{ ref('customer_names') }} as names
inner join {{ source('spacex', 'payload_customers') }} as loaded
    on names.reported_name = loaded.customer
group by names.reported_name
having {{ count_if('loaded._deleted_at is null') }} = 0
