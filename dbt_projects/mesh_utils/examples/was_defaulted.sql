select
    article_id,
    category,
    {{ was_defaulted('category') }} as is_unclassified
from {{ ref('with_defaults') }}
