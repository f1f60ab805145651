select
    basket_id,
    {{ local_date(utc_instant('occurred_at')) }} as business_date
from {{ ref('till_lines') }}
