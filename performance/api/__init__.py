"""Endpoints of comparing, by noun."""

from . import (
    calls,
    figures,
    flags,
    forecasts,
    levers,
    measures,
    pipeline,
    records,
    redistributions,
    reports,
    scorecards,
    works,
)

ENDPOINTS = {
    **calls.ENDPOINTS,
    **figures.ENDPOINTS,
    **flags.ENDPOINTS,
    **forecasts.ENDPOINTS,
    **pipeline.ENDPOINTS,
    **levers.ENDPOINTS,
    **measures.ENDPOINTS,
    **records.ENDPOINTS,
    **redistributions.ENDPOINTS,
    **reports.ENDPOINTS,
    **scorecards.ENDPOINTS,
    **works.ENDPOINTS,
}
