"""Pages of sales, by noun. Other people's records are a 404."""
