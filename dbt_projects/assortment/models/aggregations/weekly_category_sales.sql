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
    * replace (
        {%- for dollars in [
            'sales_value', 'shelf_value', 'loyalty_discount', 'coupon_discount',
            'coupon_match_discount', 'private_label_sales_value',
        ] %}
        {{ decimal(dollars, 12, 2) }} as {{ dollars }},
        {%- endfor %}
        cast(units as bigint) as units
    ),
    round(private_label_sales_value / nullif(sales_value, 0), 4) as private_label_share,
    round(
        (loyalty_discount + coupon_match_discount) / nullif(shelf_value, 0), 4
    ) as discount_share
from category_weeks
