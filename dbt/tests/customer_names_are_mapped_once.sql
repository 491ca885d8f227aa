-- A mapped name is final: it is not itself mapped to another. Returns the rows whose customer is mapped, too.
select
    names.reported_name,
    names.customer_name,
    finals.customer_name as mapped_to
from {{ ref('customer_names') }} as names
inner join {{ ref('customer_names') }} as finals
    on names.customer_name = finals.reported_name
