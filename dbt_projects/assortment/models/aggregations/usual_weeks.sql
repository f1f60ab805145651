-- What to plan with. A week in which a category was not sold counts as one, with nothing in it:
-- 1,476 of 16,571. A week far from its others is drawn in to them: 768. Without both, Valentine's
-- goods sell for 55 dollars a week; in a usual one, for 2.
with weeks as (
{{ completed(
    ref('weekly_category_sales'), period='week_start', grain='week', by=['department', 'category']
) }}
),

sales as (
    select
        department,
        category,
        is_gap,
        coalesce(sales_value, 0) as sales_value
    from weeks
),

drawn_in as (
{{ winsorise('sales', 'sales_value', by=['department', 'category']) }}
)

select
    department,
    category,
    count(*) as weeks,
    count(if(is_gap, 1, null)) as weeks_without_sales,
    count(if(sales_value_is_outlier, 1, null)) as unusual_weeks,
    {{ decimal('avg(sales_value)', 12, 2) }} as average_sales_value,
    {{ decimal('avg(sales_value_winsorised)', 12, 2) }} as usual_sales_value
from drawn_in
group by department, category
