{% test k_anonymous(model, columns, k, of=none) %}
{{- _expect_columns('k_anonymous', 'columns', columns) -}}
{%- if k is not integer or k < 2 -%}
  {{ _refuse('k_anonymous', 'k', k, 'a whole number, 2 or more') }}
{%- endif -%}
{%- set columns = _names(columns) -%}
{%- set sharing = 'count(distinct ' ~ _name(of) ~ ')' if of else 'count(*)' -%}
select
    {{ columns | join(', ') }},
    {{ sharing }} as sharing
from {{ model }}
group by {{ columns | join(', ') }}
having {{ sharing }} < {{ k }}
{% endtest %}
