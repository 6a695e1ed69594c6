"""Pages of comparing, by noun."""
