{{ completed(
    ref('category_weeks'),
    period='week_start',
    grain='month',
    start='listed_on',
    end="(select max(week_start) from " ~ ref('category_weeks') ~ ")",
    by=['category'],
    expected=ref('category_listings')
) }}
