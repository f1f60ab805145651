select
    md5(concat_ws('|', household_key, coupon_upc, campaign_id, redeemed_on)) as redemption_id,
    household_key,
    coupon_upc,
    campaign_id,
    redeemed_on
from {{ ref('clean_redemptions') }}
