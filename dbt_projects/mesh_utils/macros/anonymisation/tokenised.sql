{% macro tokenised(relation, vault, column, token) -%}
select
    {{ _all_but('plain', [column]) }},
    vault.token as {{ _name(token) }}
from {{ relation }} as plain
left join {{ vault }} as vault on vault.value = plain.{{ _name(column) }}
{%- endmacro %}
