-- For the team that looks after the pumps. A gallon that cost far more or less than others of the
-- same fuel in the same week was mistyped, or is no fuel: 43 of 13,520 lines. Of 152 lines nothing
-- can be said, because hardly anybody else bought that fuel in that week.
with pump_sales as (
    select
        purchase_id,
        article_id,
        store_id,
        week,
        quantity / 1000 as gallons,
        shelf_value / quantity * 1000 as gallon_price
    from {{ ref('purchases') }}
    where line_kind = 'fuel'
)

{{ flag_outliers(
    'pump_sales', 'gallon_price', method='mad', by=['article_id', 'week'], factor=5
) }}
