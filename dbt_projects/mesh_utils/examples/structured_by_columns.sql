{{ structured(ref('app_orders'), 'payload', keep=['order_id']) }}
