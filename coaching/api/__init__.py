"""Endpoints of coaching, by noun."""

from . import cases, courses, development, disputes, ladders, talks

ENDPOINTS = {
    **cases.ENDPOINTS,
    **talks.ENDPOINTS,
    **courses.ENDPOINTS,
    **development.ENDPOINTS,
    **ladders.ENDPOINTS,
    **disputes.ENDPOINTS,
}
