-- Grouped by all that a basket can have only one of: a basket with two households or two moments
-- becomes two rows, and the contract's key rule finds it.
select
    basket_id,
    household_key,
    store_id,
    occurred_at,
    business_date,
    week,
    week_start,
    count(*) as lines,
    count(*) filter (line_kind = 'item') as item_lines,
    cast(coalesce(sum(quantity) filter (line_kind = 'item'), 0) as bigint) as units,
    cast(
        coalesce(sum(quantity) filter (line_kind = 'fuel'), 0) / 1000 as decimal(10, 3)
    ) as fuel_gallons,
    cast(sum(sales_value) as decimal(10, 2)) as sales_value,
    cast(
        coalesce(sum(sales_value) filter (line_kind = 'fuel'), 0) as decimal(10, 2)
    ) as fuel_sales_value,
    cast(sum(loyalty_discount) as decimal(10, 2)) as loyalty_discount,
    cast(sum(coupon_discount) as decimal(10, 2)) as coupon_discount,
    cast(sum(coupon_match_discount) as decimal(10, 2)) as coupon_match_discount,
    cast(sum(paid_value) as decimal(10, 2)) as paid_value
from {{ ref('purchases') }}
group by all
