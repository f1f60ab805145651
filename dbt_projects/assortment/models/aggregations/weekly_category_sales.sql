with category_weeks as (
{{ aggregate(
    ref('classified_lines'),
    day='week_start',
    grain='week',
    period='week_start',
    by=['week', 'department', 'category'],
    additive={
        'lines': 'count(*)',
        'units': "sum(case when line_kind = 'item' then quantity else 0 end)",
        'sales_value': 'sum(sales_value)',
        'shelf_value': 'sum(shelf_value)',
        'loyalty_discount': 'sum(loyalty_discount)',
        'coupon_discount': 'sum(coupon_discount)',
        'coupon_match_discount': 'sum(coupon_match_discount)',
        'private_label_sales_value': "sum(case when brand = 'Private' then sales_value else 0 end)",
    },
    non_additive={
        'baskets': 'count(distinct basket_id)',
        'households': 'count(distinct household_key)',
        'articles': "count(distinct case when line_kind in ('item', 'fuel') then article_id end)",
    }
) }}
)

select
    week,
    week_start,
    department,
    category,
    lines,
    cast(units as bigint) as units,
    {{ decimal('sales_value', 12, 2) }} as sales_value,
    {{ decimal('shelf_value', 12, 2) }} as shelf_value,
    {{ decimal('loyalty_discount', 12, 2) }} as loyalty_discount,
    {{ decimal('coupon_discount', 12, 2) }} as coupon_discount,
    {{ decimal('coupon_match_discount', 12, 2) }} as coupon_match_discount,
    {{ decimal('private_label_sales_value', 12, 2) }} as private_label_sales_value,
    baskets,
    households,
    articles,
    round(private_label_sales_value / nullif(sales_value, 0), 4) as private_label_share,
    round(
        (loyalty_discount + coupon_match_discount) / nullif(shelf_value, 0), 4
    ) as discount_share
from category_weeks
