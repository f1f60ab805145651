select
    week,
    week_start,
    department,
    category,
    count(*) as lines,
    cast(coalesce(sum(quantity) filter (line_kind = 'item'), 0) as bigint) as units,
    cast(sum(sales_value) as decimal(12, 2)) as sales_value,
    cast(sum(shelf_value) as decimal(12, 2)) as shelf_value,
    cast(sum(loyalty_discount) as decimal(12, 2)) as loyalty_discount,
    cast(sum(coupon_discount) as decimal(12, 2)) as coupon_discount,
    cast(sum(coupon_match_discount) as decimal(12, 2)) as coupon_match_discount,
    cast(
        coalesce(sum(sales_value) filter (brand = 'Private'), 0) as decimal(12, 2)
    ) as private_label_sales_value,
    count(distinct basket_id) as baskets,
    count(distinct household_key) as households,
    count(distinct article_id) filter (line_kind in ('item', 'fuel')) as articles,
    round(
        coalesce(sum(sales_value) filter (brand = 'Private'), 0) / nullif(sum(sales_value), 0), 4
    ) as private_label_share,
    round(
        sum(loyalty_discount + coupon_match_discount) / nullif(sum(shelf_value), 0), 4
    ) as discount_share
from {{ ref('classified_lines') }}
group by week, week_start, department, category
