-- Hashing each household once, not once a line. Private to this domain: it holds the raw number.
select
    household_id,
    {{ pseudonym('household_id') }} as household_key
from (select distinct household_id from {{ ref('clean_transactions') }})
where household_id is not null
