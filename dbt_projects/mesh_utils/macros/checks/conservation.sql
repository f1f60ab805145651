{# Tests that a model neither loses nor multiplies what it was made from: what a join does silently.
   They compare two models, so a bad batch passes them; what is bad in it is for the contract. #}

{% test keeps_rows_of(model, origin) %}
select kept.n, origin.n as expected
from (select count(*) as n from {{ model }}) as kept
cross join (select count(*) as n from {{ origin }}) as origin
where kept.n <> origin.n
{% endtest %}

{% test keeps_total_of(model, column_name, origin) %}
select kept.total, origin.total as expected
from (select sum({{ _name(column_name) }}) as total from {{ model }}) as kept
cross join (select sum({{ _name(column_name) }}) as total from {{ origin }}) as origin
where kept.total <> origin.total
{% endtest %}
