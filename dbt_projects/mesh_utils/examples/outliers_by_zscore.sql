{{ flag_outliers(ref('line_quantities'), 'quantity', method='robust_zscore') }}
