"""Endpoints of comparing, by noun."""

from . import figures, flags, redistributions, reports, scorecards, works

ENDPOINTS = {
    **figures.ENDPOINTS,
    **flags.ENDPOINTS,
    **redistributions.ENDPOINTS,
    **reports.ENDPOINTS,
    **scorecards.ENDPOINTS,
    **works.ENDPOINTS,
}
