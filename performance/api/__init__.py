"""Endpoints of comparing, by noun."""

from . import figures, flags, measures, redistributions

ENDPOINTS = {
    **figures.ENDPOINTS,
    **flags.ENDPOINTS,
    **measures.ENDPOINTS,
    **redistributions.ENDPOINTS,
}
