{{ flag_outliers(ref('line_quantities'), 'quantity', method='mad', by=['article_id']) }}
