"""Endpoints of comparing, by noun."""

from . import figures, flags, redistributions

ENDPOINTS = {
    **figures.ENDPOINTS,
    **flags.ENDPOINTS,
    **redistributions.ENDPOINTS,
}
