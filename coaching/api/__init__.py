"""Endpoints of coaching, by noun."""

from . import cases, meetings, rhythms, talks

ENDPOINTS = {
    **cases.ENDPOINTS,
    **talks.ENDPOINTS,
    **rhythms.ENDPOINTS,
    **meetings.ENDPOINTS,
}
