"""Endpoints of comparing, by noun."""

from . import figures, flags, levers, redistributions

ENDPOINTS = {
    **figures.ENDPOINTS,
    **flags.ENDPOINTS,
    **levers.ENDPOINTS,
    **redistributions.ENDPOINTS,
}
