with sales_log as (
    select max(business_date) as observed_until from {{ ref('household_days') }}
),

shoppers as (
    select
        household_key,
        min(business_date) as first_visit,
        max(business_date) as last_visit,
        sum(visits) as visits,
        sum(spend) as spend
    from {{ ref('household_days') }}
    group by household_key
),

-- Fifths of the households, 5 the best; households that are alike share a score.
scored as (
    select
        shoppers.*,
        sales_log.observed_until,
        cast(
            {{ dbt.datediff('shoppers.last_visit', 'sales_log.observed_until', 'day') }} as integer
        ) as days_since_visit,
        shoppers.spend * 7 / greatest(
            {{ dbt.datediff('shoppers.first_visit', 'sales_log.observed_until', 'day') }} + 1, 7
        ) as weekly_spend,
        {%- for score, by in {
            'recency': 'last_visit', 'frequency': 'visits', 'monetary': 'spend'
        }.items() %}
        cast(least(floor(5 * percent_rank() over (order by shoppers.{{ by }})), 4) as integer) + 1
            as {{ score }}_score{{ ',' if not loop.last }}
        {%- endfor %}
    from shoppers
    cross join sales_log
),

mailings as (
    select
        household_key,
        count(*) as campaigns_received
    from {{ source('marketing', 'campaigns') }} as campaigns
    cross join {{ each_of('campaigns.audience', 'household_key') }}
    group by household_key
),

redeemed as (
    select
        household_key,
        count(*) as coupons_redeemed
    from {{ source('marketing', 'redemptions') }}
    group by household_key
)

select
    scored.* replace (
        cast(scored.visits as bigint) as visits,
        {{ decimal('scored.spend', 10, 2) }} as spend,
        {{ decimal('scored.weekly_spend', 10, 2) }} as weekly_spend
    ),
    case
        when scored.days_since_visit > 60 then 'lapsed'
        when scored.recency_score <= 2 and scored.frequency_score >= 3 then 'slipping'
        when scored.frequency_score >= 4 and scored.monetary_score >= 4 then 'champion'
        when scored.frequency_score >= 4 then 'frequent'
        when scored.monetary_score >= 4 then 'stock_up'
        else 'occasional'
    end as segment,
    {{ band('scored.weekly_spend', edges=[10, 25, 50, 100]) }} as spend_band,
    coalesce(mailings.campaigns_received, 0) as campaigns_received,
    coalesce(redeemed.coupons_redeemed, 0) as coupons_redeemed,
    case
        when redeemed.coupons_redeemed >= 10 then 'heavy'
        when redeemed.coupons_redeemed >= 3 then 'regular'
        when redeemed.coupons_redeemed >= 1 then 'occasional'
        when mailings.campaigns_received >= 1 then 'never'
        else 'not_mailed'
    end as coupon_use,
    households.household_key is not null as has_demographics,
    households.age_band,
    households.income_band,
    households.household_size
from scored
left join mailings using (household_key)
left join redeemed using (household_key)
left join {{ source('customers', 'households') }} as households using (household_key)
