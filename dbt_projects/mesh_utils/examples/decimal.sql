select
    article_id,
    {{ decimal('loyalty_discount', 10, 2) }} as loyalty_discount
from {{ ref('float_amounts') }}
