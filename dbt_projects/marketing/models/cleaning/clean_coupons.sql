-- The source repeats 4,872 of its rows word for word.
select distinct
    campaign_id,
    coupon_upc,
    product_id as article_id
from {{ source('landing', 'coupons') }}
