select
    basket_id,
    {{ pseudonym('household_id') }} as household_key
from {{ ref('till_lines') }}
