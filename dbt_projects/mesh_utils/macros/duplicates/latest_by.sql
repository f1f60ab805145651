{% macro latest_by(relation, key, recency) -%}
select *
from {{ relation }}
where true
qualify row_number() over (
    partition by {{ key | join(', ') }}
    order by {{ recency | join(' desc nulls last, ') }} desc nulls last
) = 1
{%- endmacro %}
