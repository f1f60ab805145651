{# Ordered by when it happened, so that it does not matter in which order deliveries arrived: copies
   of an event carry its moment with them, however late they come. #}
{% macro first_by_event_id(relation, event_id, occurred_at, recorded_at, within) -%}
{{ _expect_columns('first_by_event_id', 'event_id', event_id) -}}
{%- set event_id, occurred_at = _names(event_id), _name(occurred_at) -%}
{%- set parts = modules.re.match('^([1-9][0-9]*) (second|minute|hour|day)s?$', within | string) -%}
{%- if not parts -%}
  {{ _refuse(
      'first_by_event_id', 'within', within, "a span such as '7 days' or '1 hour' (second to day)"
  ) }}
{%- endif -%}
select *
from {{ relation }}
where true
qualify coalesce({{ occurred_at }} > lag({{ occurred_at }}) over (
        partition by {{ event_id | join(', ') }}
        order by {{ occurred_at }} nulls last, {{ _name(recorded_at) }} nulls last
    ) + interval {{ parts[1] }} {{ parts[2] }}, true)
    {%- for column in event_id %}
    or {{ column }} is null
    {%- endfor %}
{%- endmacro %}
