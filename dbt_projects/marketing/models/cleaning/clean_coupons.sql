-- The source repeats 4,872 of its rows word for word, one of them 19 times.
{{ distinct_rows(
    source('landing', 'coupons'), columns=['campaign_id', 'coupon_upc', 'product_id as article_id']
) }}
