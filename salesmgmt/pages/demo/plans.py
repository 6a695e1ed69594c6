"""Writes what was asked: a plan for each quarter, the targets of teams, and everybody's quota."""
