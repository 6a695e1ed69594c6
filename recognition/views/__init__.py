"""Pages of recognition, by noun."""
