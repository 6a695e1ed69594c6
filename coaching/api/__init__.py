"""Endpoints of coaching, by noun."""

from . import cases, ladders, talks

ENDPOINTS = {
    **cases.ENDPOINTS,
    **talks.ENDPOINTS,
    **ladders.ENDPOINTS,
}
