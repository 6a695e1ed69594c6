"""Endpoints of coaching, by noun."""

from . import cases, effects, plays, talks

ENDPOINTS = {
    **cases.ENDPOINTS,
    **talks.ENDPOINTS,
    **effects.ENDPOINTS,
    **plays.ENDPOINTS,
}
