-- Which categories come and go: between its first and its last week in the year, was one sold in
-- every week? 96 of 340 were not, in 1,476 weeks: a season, a delisting, or an empty shelf.
{{ completeness(
    ref('weekly_category_sales'),
    period='week_start',
    grain='week',
    by=['department', 'category'],
    per=['department', 'category']
) }}
