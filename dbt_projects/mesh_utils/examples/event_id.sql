select
    basket_id,
    {{ event_id('basket_purchased', key=['basket_id']) }} as event_id
from {{ ref('receipts') }}
