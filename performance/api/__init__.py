"""Endpoints of comparing, by noun."""

from . import figures, flags, levers, measures, redistributions

ENDPOINTS = {
    **figures.ENDPOINTS,
    **flags.ENDPOINTS,
    **levers.ENDPOINTS,
    **measures.ENDPOINTS,
    **redistributions.ENDPOINTS,
}
