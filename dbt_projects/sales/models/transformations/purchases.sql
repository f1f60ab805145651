with moments as (
    -- The lines of a basket share one moment: converting each only once is a ninth of the work.
    select
        occurred_at,
        {{ local_date('occurred_at') }} as business_date
    from (select distinct occurred_at from {{ ref('clean_transactions') }})
),

lines as (
    select
        *,
        {{ decimal('sales_value + loyalty_discount + coupon_match_discount', 10, 2) }}
            as shelf_value,
        {{ decimal('sales_value - coupon_discount', 10, 2) }} as paid_value
    from {{ ref('clean_transactions') }}
)

select
    cast(lines.basket_id as string) || '-' || cast(lines.article_id as string) as purchase_id,
    lines.basket_id,
    household_keys.household_key,
    lines.store_id,
    lines.article_id,
    case
        when lines.quantity = 0 and lines.sales_value = 0
            then if(lines.coupon_discount > 0, 'coupon', 'empty')
        -- Pumps count thousandths of a gallon: nothing else here costs less than a cent a unit.
        when lines.sales_value > 0 and 100 * lines.shelf_value < lines.quantity then 'fuel'
        else 'item'
    end as line_kind,
    lines.quantity,
    lines.sales_value,
    lines.loyalty_discount,
    lines.coupon_discount,
    lines.coupon_match_discount,
    lines.shelf_value,
    lines.paid_value,
    lines.occurred_at,
    moments.business_date,
    lines.week,
    {{ coarse_date('moments.business_date', to='week') }} as week_start
from lines
left join moments using (occurred_at)
left join {{ ref('household_keys') }} as household_keys using (household_id)
