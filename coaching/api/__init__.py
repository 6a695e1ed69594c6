"""Endpoints of coaching, by noun."""

from . import cases, courses, development, talks

ENDPOINTS = {
    **cases.ENDPOINTS,
    **talks.ENDPOINTS,
    **courses.ENDPOINTS,
    **development.ENDPOINTS,
}
