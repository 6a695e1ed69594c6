"""Pages of coaching, by noun."""
