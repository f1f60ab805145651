-- Names, types and money only: no line is dropped or mended here, so that whatever is wrong with a
-- batch reaches the contract. The source keeps money as floats (20 lines hold 0.0000000000000009).
select
    household_id,
    store_id,
    basket_id,
    product_id as article_id,
    quantity,
    {{ decimal('sales_value', 10, 2) }} as sales_value,
    {{ decimal('retail_disc', 10, 2) }} as loyalty_discount,
    {{ decimal('coupon_disc', 10, 2) }} as coupon_discount,
    {{ decimal('coupon_match_disc', 10, 2) }} as coupon_match_discount,
    cast(week as integer) as week,
    {{ utc_instant('transaction_timestamp') }} as occurred_at
from {{ source('landing', 'transactions') }}
