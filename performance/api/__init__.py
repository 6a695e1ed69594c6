"""Endpoints of comparing, by noun."""

from . import calls, figures, flags, levers, pipeline, redistributions

ENDPOINTS = {
    **calls.ENDPOINTS,
    **figures.ENDPOINTS,
    **flags.ENDPOINTS,
    **pipeline.ENDPOINTS,
    **levers.ENDPOINTS,
    **redistributions.ENDPOINTS,
}
