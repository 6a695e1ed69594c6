"""Endpoints of coaching, by noun."""

from . import cases, courses, development, disputes, effects, ladders, meetings, plays, rhythms, talks

ENDPOINTS = {
    **cases.ENDPOINTS,
    **talks.ENDPOINTS,
    **courses.ENDPOINTS,
    **development.ENDPOINTS,
    **ladders.ENDPOINTS,
    **disputes.ENDPOINTS,
    **rhythms.ENDPOINTS,
    **meetings.ENDPOINTS,
    **effects.ENDPOINTS,
    **plays.ENDPOINTS,
}
