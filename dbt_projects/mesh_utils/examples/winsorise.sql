{{ winsorise(ref('line_quantities'), 'quantity', by=['article_id']) }}
