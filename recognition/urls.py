from django.urls import path, re_path

from recognition.views import praise, screens, settlements

PRAISE = r"^wall/(?P<kind>award|kudos)/(?P<pk>[0-9]{1,18})"

urlpatterns = [
    path("wall/", praise.wall, name="wall"),
    path("wall/kudos/", praise.kudos_give, name="kudos-give"),
    path("wall/awards/", praise.award_give, name="award-give"),
    path("wall/suggestions/<int:pk>/confirm/", praise.suggestion_confirm, name="suggestion-confirm"),
    path("wall/suggestions/<int:pk>/dismiss/", praise.suggestion_dismiss, name="suggestion-dismiss"),
    re_path(PRAISE + r"/applaud/$", praise.applaud, name="applaud"),
    re_path(PRAISE + r"/take-down/$", praise.take_down, name="praise-take-down"),
    path("leaderboard/", praise.leaderboard, name="leaderboard"),
    path("leaderboard/place/", praise.place, name="place"),
    path("settlements/", settlements.settlements, name="settlements"),
    path("screens/", screens.screens, name="screens"),
    path("screens/<int:pk>/switch/", screens.screen_switch, name="screen-switch"),
    path("screens/<int:pk>/address/", screens.screen_address, name="screen-address"),
    path("screens/<int:pk>/revoke/", screens.screen_revoke, name="screen-revoke"),
    path("screens/<str:secret>/", screens.screen, name="screen-show"),
]
