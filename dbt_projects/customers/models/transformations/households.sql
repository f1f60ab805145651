-- Bands with fewer than 20 households are merged upwards (175K+), and a probable owner or renter
-- counts as one: small cells are how somebody is recognised.
select
    {{ pseudonym('household_id') }} as household_key,
    age as age_band,
    try_cast(regexp_extract(age, '^(\d+)', 1) as integer) as age_from,
    if(income in ('175-199K', '200-249K', '250K+'), '175K+', income) as income_band,
    case
        when income = 'Under 15K' then 0
        else least(175, try_cast(regexp_extract(income, '^(\d+)', 1) as integer)) * 1000
    end as income_from,
    case
        when home_ownership is null then 'unknown'
        when home_ownership in ('Homeowner', 'Probable Homeowner') then 'owner'
        when home_ownership in ('Renter', 'Probable Renter') then 'renter'
    end as home_ownership,
    coalesce(lower(marital_status), 'unknown') as marital_status,
    adults,
    children,
    household_size
from {{ ref('clean_demographics') }}
