-- The last model in which a household has its number. No row is dropped: a missing or doubled
-- household is for the contract to find. A code the survey does not know becomes NULL and fails it.
select
    household_id,
    trim(age) as age,
    trim(income) as income,
    trim(home_ownership) as home_ownership,
    trim(marital_status) as marital_status,
    try_cast(regexp_extract(household_comp, '^([12]) Adult', 1) as integer) as adults,
    try_cast(regexp_extract(kids_count, '^([0-3])\+?$', 1) as integer) as children,
    try_cast(regexp_extract(household_size, '^([1-5])\+?$', 1) as integer) as household_size
from {{ source('landing', 'demographics') }}
