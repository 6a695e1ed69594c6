"""Pages of planning, by noun."""
