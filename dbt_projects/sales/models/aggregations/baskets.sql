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
    coalesce(sum(quantity) filter (line_kind = 'item'), 0)::bigint as units,
    coalesce(sum(quantity) filter (line_kind = 'fuel'), 0) / 1000 as fuel_gallons,
    sum(sales_value)::decimal(10, 2) as sales_value,
    coalesce(sum(sales_value) filter (line_kind = 'fuel'), 0)::decimal(10, 2) as fuel_sales_value,
    sum(loyalty_discount)::decimal(10, 2) as loyalty_discount,
    sum(coupon_discount)::decimal(10, 2) as coupon_discount,
    sum(coupon_match_discount)::decimal(10, 2) as coupon_match_discount,
    sum(paid_value)::decimal(10, 2) as paid_value
from {{ ref('purchases') }}
group by all
