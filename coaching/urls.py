from django.urls import path, re_path

from .views import cases, ladders, talks

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
    # ladders, early signs, exits
    path("improvement/", ladders.ladders, name="ladders"),
    path("improvement/open/", ladders.ladder_open, name="ladder-open"),
    path("improvement/signs/", ladders.early_signs, name="early-signs"),
    path("improvement/exits/", ladders.exits, name="exits"),
    path("improvement/<int:pk>/", ladders.ladder, name="ladder"),
    path("improvement/<int:pk>/pdf/", ladders.ladder_pdf, name="ladder-pdf"),
    path("improvement/<int:pk>/change/", ladders.ladder_change, name="ladder-change"),
    path("improvement/<int:pk>/goal/", ladders.ladder_goal, name="ladder-goal"),
    path("improvement/<int:pk>/goal/<int:goal_pk>/remove/", ladders.ladder_goal_remove, name="ladder-goal-remove"),
    path("improvement/<int:pk>/support/", ladders.ladder_support, name="ladder-support"),
    re_path(
        r"^improvement/(?P<pk>[0-9]{1,18})/support/(?P<support_pk>[0-9]{1,18})/(?P<what>given|denied|waived|removed)/$",
        ladders.ladder_support_say,
        name="ladder-support-say",
    ),
    path("improvement/<int:pk>/publish/", ladders.ladder_publish, name="ladder-publish"),
    path("improvement/<int:pk>/read/", ladders.ladder_read, name="ladder-read"),
    path("improvement/<int:pk>/witness/", ladders.ladder_witness, name="ladder-witness"),
    path("improvement/<int:pk>/pause/", ladders.ladder_pause, name="ladder-pause"),
    path("improvement/<int:pk>/extend/", ladders.ladder_extend, name="ladder-extend"),
    path("improvement/<int:pk>/finish/", ladders.ladder_finish, name="ladder-finish"),
    path("improvement/<int:pk>/decide/", ladders.ladder_decide, name="ladder-decide"),
    path("improvement/<int:pk>/answer/", ladders.ladder_answer, name="ladder-answer"),
    path("improvement/<int:pk>/withdraw/", ladders.ladder_withdraw, name="ladder-withdraw"),
]
