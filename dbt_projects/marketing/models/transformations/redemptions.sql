select
    {{ dbt.hash(dbt.concat([
        'household_key', "'|'", 'cast(coupon_upc as string)', "'|'", 'cast(campaign_id as string)',
        "'|'", 'cast(redeemed_on as string)',
    ])) }} as redemption_id,
    household_key,
    coupon_upc,
    campaign_id,
    redeemed_on
from {{ ref('clean_redemptions') }}
