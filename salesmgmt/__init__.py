"""Paceline: what is nobody's own, and how it starts."""
