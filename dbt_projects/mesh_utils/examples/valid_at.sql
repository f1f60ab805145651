select
    lines.basket_id,
    lines.article_id,
    states.package_size
from {{ ref('till_lines') }} as lines
left join {{ ref('history') }} as states
    on states.article_id = lines.article_id
    and {{ valid_at('lines.occurred_at', of='states') }}
