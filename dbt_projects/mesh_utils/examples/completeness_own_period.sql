{{ completeness(ref('category_weeks'), period='week_start', grain='week', by=['category']) }}
