select
    household_id,
    {{ masked('basket_id', last=4) }} as receipt
from {{ ref('receipts') }}
