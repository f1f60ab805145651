{{ winsorise(ref('line_quantities'), 'quantity', method='bounds', upper=500, type='int64') }}
