"""Endpoints of comparing, by noun."""

from . import figures, flags, levers, pipeline, redistributions

ENDPOINTS = {
    **figures.ENDPOINTS,
    **flags.ENDPOINTS,
    **pipeline.ENDPOINTS,
    **levers.ENDPOINTS,
    **redistributions.ENDPOINTS,
}
