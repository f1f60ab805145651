{{ history(
    ref('article_changes'),
    key=['article_id'],
    at='changed_at',
    state=['package_size', 'brand'],
    gone='is_delisted'
) }}
