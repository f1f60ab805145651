select
    basket_id,
    {{ coarse_date('cast(closed_at as date)', to='month') }} as month
from {{ ref('receipts') }}
