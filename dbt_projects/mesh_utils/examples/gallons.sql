select
    article_id,
    {{ function('gallons') }}(quantity) as gallons
from {{ ref('till_lines') }}
