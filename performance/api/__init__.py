"""Endpoints of comparing, by noun."""

from . import figures, flags, levers, redistributions, reports, scorecards, works

ENDPOINTS = {
    **figures.ENDPOINTS,
    **flags.ENDPOINTS,
    **levers.ENDPOINTS,
    **redistributions.ENDPOINTS,
    **reports.ENDPOINTS,
    **scorecards.ENDPOINTS,
    **works.ENDPOINTS,
}
