"""Endpoints of coaching, by noun."""

from . import cases, talks

ENDPOINTS = {
    **cases.ENDPOINTS,
    **talks.ENDPOINTS,
}
