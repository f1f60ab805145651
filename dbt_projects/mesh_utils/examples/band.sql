select
    basket_id,
    {{ band('sales_value', edges=[1, 10]) }} as spend_band
from {{ ref('receipts') }}
