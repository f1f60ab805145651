select
    week,
    {{ week_start_of('week') }} as week_start
from {{ ref('week_numbers') }}
