{{ with_defaults(
    ref('article_rows'),
    types={'category': 'text', 'package_size': 'text', 'manufacturer_id': 'number'},
    by_type={'text': 'UNKNOWN', 'number': 0},
    by_column={'category': 'UNCLASSIFIED'}
) }}
