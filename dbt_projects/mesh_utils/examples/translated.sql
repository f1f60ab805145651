{{ translated(ref('promotion_rows'), columns={
    'article_id': 'product_id',
    'display': {'from': 'display_location', 'codes': {'9': 'secondary_location', '3': 'end_cap'}},
    'mailer': {
        'from': 'mailer_location', 'seed': ref('mailer_codes'),
        'code': 'mailer_code', 'meaning': 'mailer_name', 'raw': 'mailer_code',
    },
    'weight_g': {
        'from': 'weight', 'unit': 'weight_unit', 'factors': {'LB': 453.6, 'OZ': 28.35},
    },
    'printed_at': {'from': 'printed_at', 'zone': 'America/New_York'},
}) }}
