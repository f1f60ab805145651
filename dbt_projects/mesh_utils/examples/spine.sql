{{ spine("date '2017-01-01'", "date '2017-01-09'", grain='week', period='week_start') }}
