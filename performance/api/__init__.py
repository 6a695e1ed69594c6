"""Endpoints of comparing, by noun."""

from . import figures, flags, pipeline, redistributions

ENDPOINTS = {
    **figures.ENDPOINTS,
    **flags.ENDPOINTS,
    **pipeline.ENDPOINTS,
    **redistributions.ENDPOINTS,
}
