{% test translates_all(model, column_name, raw=none) %}
{%- set raw = _name(raw or column_name ~ '_raw') -%}
select
    {{ raw }} as unmapped,
    count(*) as in_rows
from {{ model }}
where {{ _name(column_name) }} is null and {{ raw }} is not null
group by {{ raw }}
{% endtest %}
