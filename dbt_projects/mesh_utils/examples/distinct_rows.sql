{{ distinct_rows(ref('coupon_rows'), columns=['campaign_id', 'coupon_upc', 'article_id']) }}
