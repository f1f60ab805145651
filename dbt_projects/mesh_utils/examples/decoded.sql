select
    product_id as article_id,
    {{ decoded('display_location', {'9': 'secondary_location', '3': 'end_cap'}) }} as display
from {{ ref('promotion_rows') }}
