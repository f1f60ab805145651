{{ structured(ref('app_orders'), 'payload', fields={
    'household': {'type': 'integer', 'required': true},
    'placed_on': 'date',
    'paid': {'type': 'decimal(10, 2)', 'path': '$.payment.total'},
}, keep=['order_id']) }}
