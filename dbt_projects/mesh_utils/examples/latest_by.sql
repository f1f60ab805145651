{{ latest_by(ref('article_batches'), key=['article_id'], recency=['batch']) }}
