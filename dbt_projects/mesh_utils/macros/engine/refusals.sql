{# Arguments that a word cannot take end in one line: the word, its argument, what was found there,
   what was expected and so what to do. #}
{% macro _refuse(word, argument, found, expected) -%}
  {{ exceptions.raise_compiler_error(
      word ~ "(): " ~ argument ~ " is " ~ found ~ "; expected " ~ expected
  ) }}
{%- endmacro %}

{% macro _expect_columns(word, argument, found, least=1) -%}
  {%- if found is string or found is mapping or found is not iterable or found | length < least
      or found | reject('string') | list -%}
    {{ _refuse(word, argument, found, "a list of columns such as ['article_id']") }}
  {%- endif -%}
{%- endmacro %}

{% macro _expect_one_of(word, argument, found, known) -%}
  {%- if found not in known -%}
    {{ _refuse(word, argument, found, "one of " ~ known | join(', ')) }}
  {%- endif -%}
{%- endmacro %}
