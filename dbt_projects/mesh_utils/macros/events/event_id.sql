{# Each part of a key says how long it is, so that ('a', 'bc') and ('ab', 'c') are two events. #}
{% macro event_id(name, key) -%}
  {{- _expect_columns('event_id', 'key', key) -}}
  {%- if not _past_tense(name) -%}
    {{ _refuse('events', 'name', name,
        'what happened, in the past tense and in snake_case, as `basket_purchased`. Where its last'
        ~ ' word is a participle that is not known here, add it to `vars: {participles: [...]}`'
        ~ ' of dbt_project.yml') }}
  {%- endif -%}
  {%- set several = key | length > 1 -%}
  {%- set parts = ["'" ~ name ~ "'"] -%}
  {%- for column in _names(key) -%}
    {%- set text = 'cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- set length = 'cast(length(' ~ text ~ ') as ' ~ dbt.type_string() ~ ") || '.' || " -%}
    {%- set part = "':' || " ~ (length if several else '') ~ text -%}
    {%- do parts.append("coalesce(" ~ part ~ ", '" ~ (':' if several else '') ~ "')") -%}
  {%- endfor -%}
  {{ dbt.hash(parts | join(' || ')) }}
{%- endmacro %}
