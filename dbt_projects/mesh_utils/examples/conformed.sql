{{ conformed(ref('article_extract'), columns={
    'article_id': {'type': 'bigint', 'aliases': ['product_id']},
    'manufacturer_id': {'type': 'bigint', 'aliases': ['maker', 'manufacturer']},
    'brand': 'text',
}, ignored=['package_size']) }}
