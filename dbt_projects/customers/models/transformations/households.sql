-- Bands with fewer than 20 households are merged upwards (175K+), and a probable owner or renter
-- counts as one: small cells are how somebody is recognised.
{%- set merged = "income in ('175-199K', '200-249K', '250K+')" %}
select
    {{ pseudonym('household_id') }} as household_key,
    age as age_band,
    cast(nullif(regexp_extract(age, '^[0-9]{1,3}'), '') as integer) as age_from,
    if({{ merged }}, '175K+', income) as income_band,
    case
        when income = 'Under 15K' then 0
        when {{ merged }} then 175000
        else 1000 * cast(nullif(regexp_extract(income, '^[0-9]{1,3}'), '') as integer)
    end as income_from,
    {{ decoded("coalesce(home_ownership, 'unknown')", {
        'Homeowner': 'owner', 'Probable Homeowner': 'owner',
        'Renter': 'renter', 'Probable Renter': 'renter', 'unknown': 'unknown',
    }) }} as home_ownership,
    coalesce(lower(marital_status), 'unknown') as marital_status,
    adults,
    children,
    household_size
from {{ ref('clean_demographics') }}
