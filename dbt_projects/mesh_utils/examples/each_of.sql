select
    structured.order_id,
    reason
from {{ ref('structured') }} as structured
cross join {{ each_of('structured.unparsed', 'reason') }}
