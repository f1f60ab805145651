-- A household uses a coupon of a campaign that was sent to it, while the campaign runs. The two
-- lists come from two houses, so a difference is worth a look, and is no reason to stop.
{{ config(severity='warn') }}

select redemptions.*
from {{ ref('redemptions') }} as redemptions
left join {{ ref('clean_mailings') }} as mailings using (campaign_id, household_key)
left join {{ ref('clean_campaigns') }} as campaigns using (campaign_id)
left join (select distinct campaign_id, coupon_upc from {{ ref('clean_coupons') }}) as coupons
    using (campaign_id, coupon_upc)
where mailings.household_key is null
    or coupons.coupon_upc is null
    or redemptions.redeemed_on not between campaigns.start_date and campaigns.end_date
