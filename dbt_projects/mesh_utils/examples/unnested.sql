{{ unnested(
    ref('app_orders'), 'payload', path='$.lines',
    fields={'article': 'integer', 'quantity': 'integer'},
    position='line_number', keep=['order_id']
) }}
