select
    article_id,
    {{ tidied('package_size') }} as package_size
from {{ ref('article_rows') }}
