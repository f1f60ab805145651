cast(quantity as numeric) / 1000
