-- Fuel is left out: a tank is dear, and is bought for other reasons than a week's groceries.
select
    household_key,
    business_date,
    count(if(sales_value > fuel_sales_value, 1, null)) as visits,
    sum(sales_value - fuel_sales_value) as spend
from {{ source('sales', 'baskets') }}
group by household_key, business_date
