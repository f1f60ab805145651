{{ aggregate(
    ref('dated_lines'),
    day='business_date',
    grain='week',
    period='week_start',
    by=['store_id'],
    additive={'lines': 'count(*)', 'sales_value': 'sum(sales_value)'},
    non_additive={'baskets': 'count(distinct basket_id)'}
) }}
