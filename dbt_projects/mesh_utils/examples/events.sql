{{ events(
    ref('receipts'),
    name='basket_purchased',
    key=['basket_id'],
    occurred_at=utc_instant('closed_at'),
    columns=['store_id', 'sales_value']
) }}
