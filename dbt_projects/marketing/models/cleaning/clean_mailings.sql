-- From here on a household has its pseudonym only.
select
    campaign_id,
    {{ pseudonym('household_id') }} as household_key
from {{ source('landing', 'campaigns') }}
