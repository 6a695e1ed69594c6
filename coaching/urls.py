from django.urls import path, re_path

from .views import cases, effects, plays, talks

PLACE = r"^(?P<place>cases|one-on-ones)/(?P<pk>[0-9]{1,18})"

urlpatterns = [
    path("cases/", cases.cases, name="cases"),
    path("cases/<int:pk>/", cases.case, name="case"),
    path("cases/<int:pk>/move/", cases.case_move, name="case-move"),
    path("cases/<int:pk>/close/", cases.case_close, name="case-close"),
    path("flags/<int:flag_pk>/case/", cases.case_open, name="case-open"),
    path("one-on-ones/", talks.one_on_ones, name="one-on-ones"),
    path("one-on-ones/plan/", talks.one_on_one_plan, name="one-on-one-plan"),
    path("one-on-ones/<int:pk>/", talks.one_on_one, name="one-on-one"),
    path("one-on-ones/<int:pk>/hold/", talks.one_on_one_hold, name="one-on-one-hold"),
    path("one-on-ones/<int:pk>/cancel/", talks.one_on_one_cancel, name="one-on-one-cancel"),
    path("one-on-ones/<int:pk>/agenda/", talks.agenda_add, name="agenda-add"),
    path("one-on-ones/<int:pk>/agenda/<int:item_pk>/", talks.agenda_tick, name="agenda-tick"),
    re_path(PLACE + r"/promise/$", talks.promise, name="promise"),
    re_path(PLACE + r"/note/$", talks.note, name="note"),
    path("action-items/<int:pk>/done/", talks.action_done, name="action-done"),
]

urlpatterns += [
    path("effects/", effects.effects, name="effects"),
    path("effects/add/", effects.effect_add, name="effect-add"),
    path("effects/of/<str:place>/<int:pk>/", effects.effects_of, name="effects-of"),
    path("effects/<int:pk>/", effects.effect, name="effect"),
    path("effects/<int:pk>/move/", effects.effect_move, name="effect-move"),
    path("effects/<int:pk>/cancel/", effects.effect_cancel, name="effect-cancel"),
    path("plays/", plays.plays, name="plays"),
    path("plays/add/", plays.play_add, name="play-add"),
    path("plays/<int:pk>/", plays.play, name="play"),
    path("plays/<int:pk>/change/", plays.play_change, name="play-change"),
    path("plays/<int:pk>/comment/", plays.play_comment, name="play-comment"),
    path("plays/<int:pk>/vote/", plays.play_vote, name="play-vote"),
    path("plays/<int:pk>/adopt/", plays.play_adopt, name="play-adopt"),
    path("plays/<int:pk>/retire/", plays.play_retire, name="play-retire"),
    path("deals/<int:pk>/plays/", plays.plays_of_deal, name="deal-plays"),
    path("activities/<int:pk>/plays/", plays.plays_of_activity, name="activity-plays"),
    path("play-uses/<int:pk>/remove/", plays.play_use_remove, name="play-use-remove"),
]
