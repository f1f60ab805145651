-- A household's months from the one of its first visit on, those in which it did not come included:
-- staying away is what a forecast is about. A month that the sales log does not hold whole is none.
with sales_log as (
    select max(business_date) as log_end from {{ ref('household_days') }}
),

monthly as (
    select
        household_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month,
        sum(visits) as visits,
        sum(spend) as spend,
        max(business_date) as last_visit
    from {{ ref('household_days') }}
    group by household_key, month
),

months as (
    select distinct monthly.month
    from monthly
    cross join sales_log
    where {{ dbt.last_day('monthly.month', 'month') }} <= sales_log.log_end
),

shoppers as (
    select
        household_key,
        min(month) as first_month
    from monthly
    group by household_key
),

grid as (
    select
        shoppers.household_key,
        months.month,
        coalesce(monthly.visits, 0) as visits,
        coalesce(monthly.spend, 0) as spend,
        monthly.last_visit
    from shoppers
    inner join months on shoppers.first_month <= months.month
    left join monthly
        on monthly.household_key = shoppers.household_key and monthly.month = months.month
),

seen as (
    select
        household_key,
        month,
        visits,
        spend,
        row_number() over (partition by household_key order by month) - 1 as months_known,
        lag(spend) over (partition by household_key order by month) as previous_spend,
        lead(spend) over (partition by household_key order by month) as next_spend,
        avg(spend) over (
            partition by household_key order by month rows between 2 preceding and current row
        ) as quarterly_spend,
        avg(spend) over (
            partition by household_key order by month
            rows between unbounded preceding and current row
        ) as mean_spend,
        max(last_visit) over (
            partition by household_key order by month
            rows between unbounded preceding and current row
        ) as last_visit
    from grid
)

select
    household_key,
    month,
    cast(months_known as integer) as months_known,
    cast(visits as bigint) as visits,
    {{ decimal('spend', 10, 2) }} as spend,
    {{ decimal('previous_spend', 10, 2) }} as previous_spend,
    {{ decimal('quarterly_spend', 12, 4) }} as quarterly_spend,
    {{ decimal('mean_spend', 12, 4) }} as mean_spend,
    cast(
        {{ dbt.datediff('last_visit', dbt.last_day('month', 'month'), 'day') }} as integer
    ) as days_since_visit,
    {%- for band_of, known in {'spend': 'spend_band', 'next_spend': 'next_spend_band'}.items() %}
    case
        when {{ band_of }} <= 0 then 'none'
        else {{ band(band_of, edges=[100, 250]) }}
    end as {{ known }}{{ ',' if not loop.last }}
    {%- endfor %}
from seen
