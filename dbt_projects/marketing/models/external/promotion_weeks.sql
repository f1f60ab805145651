-- What the feed holds now, week by week. The sum of row hashes changes with any row that comes,
-- goes or differs, in whatever order the rows arrive.
select
    week,
    count(*) as feed_rows,
    {{ sum_of_hashes(['product_id', 'store_id', 'display_location', 'mailer_location']) }} as fingerprint
from {{ source('landing', 'promotions') }}
group by week
