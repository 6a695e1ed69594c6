from django.urls import URLPattern, path

from .views import flags, forecasts, records, redistributions, reports, scorecards, works

urlpatterns: list[URLPattern] = [
    path("records/", records.records, name="records"),
    path("flags/", flags.flags, name="flags"),
    path("flags/costs/", flags.flag_costs, name="flag-costs"),
    path("flags/<int:pk>/", flags.flag, name="flag"),
    path("flags/<int:pk>/snooze/", flags.flag_snooze, name="flag-snooze"),
    path("flags/<int:pk>/wake/", flags.flag_wake, name="flag-wake"),
    path("levers/", flags.levers, name="levers"),
    path("redistributions/", redistributions.redistributions, name="redistributions"),
    path("redistributions/add/", redistributions.redistribution_add, name="redistribution-add"),
    path("redistributions/<int:pk>/", redistributions.redistribution, name="redistribution"),
    path("redistributions/<int:pk>/agree/", redistributions.redistribution_agree, name="redistribution-agree"),
    path("offers/<int:pk>/", redistributions.offer, name="offer"),
    path("offers/<int:pk>/accept/", redistributions.offer_accept, name="offer-accept"),
    path("offers/<int:pk>/refuse/", redistributions.offer_refuse, name="offer-refuse"),
    path("offers/<int:pk>/agree/", redistributions.offer_agree, name="offer-agree"),
    path("offers/<int:pk>/withdraw/", redistributions.offer_withdraw, name="offer-withdraw"),
    path("offers/<int:pk>/reverse/", redistributions.offer_reverse, name="offer-reverse"),
    path("forecast/", forecasts.forecast, name="forecast"),
    path("backtest/", forecasts.backtest, name="backtest"),
    path("scorecards/", scorecards.scorecards, name="scorecards"),
    path("scorecards/<int:pk>/", scorecards.scorecard, name="scorecard"),
    path("scorecards/weights/<slug:role>/", scorecards.scorecard_weights, name="scorecard-weights"),
    path("what-works/", works.what_works, name="what-works"),
    path("what-works/deals/", works.deals, name="what-works-deals"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<int:pk>/", reports.report, name="report"),
    path("reports/<int:pk>/send/", reports.report_send, name="report-send"),
    path("reports/<int:pk>/pdf/", reports.report_pdf, name="report-pdf"),
]
