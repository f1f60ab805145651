{{ first_by_event_id(
    ref('till_events'),
    event_id=['basket_id'],
    occurred_at='occurred_at',
    recorded_at='recorded_at',
    within='7 days'
) }}
