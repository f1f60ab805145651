-- A campaign that the calendar has twice stays twice: the contract's key rule is to find it.
with offers as (
    select
        campaign_id,
        count(distinct coupon_upc) as coupons,
        count(distinct article_id) as articles
    from {{ ref('clean_coupons') }}
    group by campaign_id
),

audiences as (
    select
        campaign_id,
        array_agg(household_key order by household_key) as audience
    from {{ ref('clean_mailings') }}
    group by campaign_id
)

select
    campaigns.campaign_id,
    campaigns.campaign_type,
    campaigns.start_date,
    campaigns.end_date,
    coalesce(offers.coupons, 0) as coupons,
    coalesce(offers.articles, 0) as articles,
    coalesce(array_length(audiences.audience), 0) as audience_size,
    coalesce(audiences.audience, []) as audience
from {{ ref('clean_campaigns') }} as campaigns
left join offers using (campaign_id)
left join audiences using (campaign_id)
