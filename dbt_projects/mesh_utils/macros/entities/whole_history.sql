{% test whole_history(model, key, holes=false) %}
{{- _expect_columns('whole_history', 'key', key) -}}
{%- set key = _names(key) -%}
{%- set ordered = 'partition by ' ~ key | join(', ') ~ ' order by valid_from nulls first' -%}
with states as (
    select
        {{ key | join(',\n        ') }},
        valid_from,
        valid_to,
        lead(valid_from) over ({{ ordered }}) as next_from,
        lead(1) over ({{ ordered }}) is not null as has_next
    from {{ model }}
),

judged as (
    select
        *,
        case
            when valid_to <= valid_from then 'ends before it begins'
            when has_next and (valid_to is null or next_from is null or next_from < valid_to)
                then 'overlaps the next'
            {%- if not holes %}
            when has_next and next_from > valid_to then 'leaves a hole before the next'
            {%- endif %}
        end as problem
    from states
)

select *
from judged
where problem is not null
{% endtest %}
