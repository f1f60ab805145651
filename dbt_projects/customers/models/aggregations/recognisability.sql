-- For the privacy steward: how many households share what an outsider might know of one. A cell of
-- one is a household that can be singled out, pseudonym or not.
{%- set known = {
    'age and income': ['age_band', 'income_band'],
    'age, income and household size': ['age_band', 'income_band', 'household_size'],
    'everything': [
        'age_band', 'income_band', 'home_ownership', 'marital_status', 'adults', 'children',
        'household_size',
    ],
} %}
{% for what, columns in known.items() %}
select
    '{{ what }}' as known,
    count(*) as cells,
    min(households) as smallest_cell,
    countif(households = 1) as singled_out,
    sum(if(households < 5, households, 0)) as in_cells_under_five
from (
    select count(*) as households
    from {{ ref('households') }}
    group by {{ columns | join(', ') }}
)
{% if not loop.last %}union all{% endif %}
{% endfor %}
