{{ snapshot_history(ref('article_states')) }}
