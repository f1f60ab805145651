-- The source repeats 4,872 of its rows word for word, one of them 19 times.
with coupons as (
    select
        campaign_id,
        coupon_upc,
        product_id as article_id
    from {{ source('landing', 'coupons') }}
)

{{ distinct_rows('coupons', columns=['campaign_id', 'coupon_upc', 'article_id']) }}
