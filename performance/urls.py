from django.urls import URLPattern, path

from .views import measures, records, redistributions

urlpatterns: list[URLPattern] = [
    path("records/", records.records, name="records"),
    path("flags/<int:pk>/", records.flag, name="flag"),
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
    path("measures/", measures.measures, name="measures"),
    path("measures/add/", measures.measure_add, name="measure-add"),
    path("measures/<str:key>/", measures.measure, name="measure"),
]
