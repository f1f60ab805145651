{% macro masked(value, first=0, last=0) -%}
  {%- for name, count in [('first', first), ('last', last)] if count is not integer or count < 0 -%}
    {{ _refuse('masked', name, count, 'how many characters to show, 0 or more') }}
  {%- endfor -%}
  {%- set text = 'cast(' ~ value ~ ' as ' ~ dbt.type_string() ~ ')' -%}
  {%- set parts = ["left(" ~ text ~ ", " ~ first ~ ")"] if first else [] -%}
  {%- do parts.append("'***'") -%}
  {%- if last %}{% do parts.append("right(" ~ text ~ ", " ~ last ~ ")") %}{% endif -%}
  case
        when length({{ text }}) > {{ first + last }} then {{ parts | join(' || ') }}
        when {{ value }} is not null then '***'
    end
{%- endmacro %}
