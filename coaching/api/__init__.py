"""Endpoints of coaching, by noun."""

from . import cases, disputes, talks

ENDPOINTS = {
    **cases.ENDPOINTS,
    **talks.ENDPOINTS,
    **disputes.ENDPOINTS,
}
