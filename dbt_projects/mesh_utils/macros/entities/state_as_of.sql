{% macro state_as_of(relation, moment) -%}
select *
from {{ relation }}
where {{ valid_at(moment) }}
{%- endmacro %}
