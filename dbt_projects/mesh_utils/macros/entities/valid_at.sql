{% macro valid_at(moment, of=none) -%}
  {%- set its = of ~ '.' if of else '' -%}
  (({{ its }}valid_from <= {{ moment }} or {{ its }}valid_from is null)
        and ({{ moment }} < {{ its }}valid_to or {{ its }}valid_to is null))
{%- endmacro %}
