select
    basket_id,
    {{ week_start(local_date(utc_instant('occurred_at'))) }} as week_start
from {{ ref('till_lines') }}
