from django.urls import path, re_path

from recognition import views

PRAISE = r"^wall/(?P<kind>award|kudos)/(?P<pk>[0-9]{1,18})"

urlpatterns = [
    path("wall/", views.wall, name="wall"),
    path("wall/kudos/", views.kudos_give, name="kudos-give"),
    path("wall/awards/", views.award_give, name="award-give"),
    path("wall/suggestions/<int:pk>/confirm/", views.suggestion_confirm, name="suggestion-confirm"),
    path("wall/suggestions/<int:pk>/dismiss/", views.suggestion_dismiss, name="suggestion-dismiss"),
    re_path(PRAISE + r"/applaud/$", views.applaud, name="applaud"),
    re_path(PRAISE + r"/take-down/$", views.take_down, name="praise-take-down"),
    path("leaderboard/", views.leaderboard, name="leaderboard"),
    path("leaderboard/place/", views.place, name="place"),
]
