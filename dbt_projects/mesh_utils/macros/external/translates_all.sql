{% test translates_all(model, column_name, raw=none) %}
{%- set raw = raw or column_name ~ '_raw' -%}
select
    {{ raw }} as unmapped,
    count(*) as in_rows
from {{ model }}
where {{ column_name }} is null and {{ raw }} is not null
group by {{ raw }}
{% endtest %}
