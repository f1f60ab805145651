{# A column's name, quoted, because it may be a word of SQL's (`order`). What is more than a name,
   such as `orders.id` or an expression, stays as it was said. #}
{% macro _name(column) -%}
  {{ return(adapter.quote(column) if modules.re.fullmatch('[^\\W\\d]\\w*', column) else column) }}
{%- endmacro %}

{% macro _names(columns) -%}
  {%- set found = [] -%}
  {%- for column in columns %}{% do found.append(_name(column)) %}{% endfor -%}
  {{ return(found) }}
{%- endmacro %}
