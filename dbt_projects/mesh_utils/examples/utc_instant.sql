select
    basket_id,
    {{ utc_instant('occurred_at') }} as occurred_at
from {{ ref('till_lines') }}
