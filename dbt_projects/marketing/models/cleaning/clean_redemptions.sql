-- From here on a household has its pseudonym only. The log knows the day, not the hour.
select
    {{ pseudonym('household_id') }} as household_key,
    coupon_upc,
    campaign_id,
    cast(redemption_date as date) as redeemed_on
from {{ source('landing', 'coupon_redemptions') }}
