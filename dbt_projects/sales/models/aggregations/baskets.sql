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
    count(if(line_kind = 'item', 1, null)) as item_lines,
    cast(sum(if(line_kind = 'item', quantity, 0)) as bigint) as units,
    {{ decimal("sum(if(line_kind = 'fuel', quantity, 0)) / 1000", 10, 3) }} as fuel_gallons,
    {{ decimal('sum(sales_value)', 10, 2) }} as sales_value,
    {{ decimal("sum(if(line_kind = 'fuel', sales_value, 0))", 10, 2) }} as fuel_sales_value,
    {{ decimal('sum(loyalty_discount)', 10, 2) }} as loyalty_discount,
    {{ decimal('sum(coupon_discount)', 10, 2) }} as coupon_discount,
    {{ decimal('sum(coupon_match_discount)', 10, 2) }} as coupon_match_discount,
    {{ decimal('sum(paid_value)', 10, 2) }} as paid_value
from {{ ref('purchases') }}
group by all
