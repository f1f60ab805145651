{% macro decoded(code, codes) -%}
  {%- if codes is not mapping or not codes -%}
    {{ _refuse('decoded', 'codes', codes, "each code with its meaning, as {'A': 'in_shelf'}") }}
  {%- endif -%}
  case {{ code }}
        {%- for known, meaning in codes.items() %}
        when {{ _literal(known) }} then {{ _literal(meaning) }}
        {%- endfor %}
    end
{%- endmacro %}
