{{ completeness(
    ref('category_weeks'),
    period='week_start',
    grain='week',
    start="date '2016-12-26'",
    end="date '2017-01-09'",
    by=['category'],
    per=['category']
) }}
