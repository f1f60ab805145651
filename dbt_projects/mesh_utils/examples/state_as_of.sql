{{ state_as_of(ref('history'), "cast('2017-01-09 04:00:00' as timestamp)") }}
