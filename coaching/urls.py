from django.urls import path, re_path

from .views import cases, disputes, talks

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
    path("disputes/", disputes.disputes, name="disputes"),
    path("disputes/new/", disputes.dispute_new, name="dispute-new"),
    path("disputes/<int:pk>/", disputes.dispute, name="dispute"),
    path("disputes/<int:pk>/statement/", disputes.dispute_statement, name="dispute-statement"),
    path("disputes/<int:pk>/evidence/", disputes.dispute_evidence, name="dispute-evidence"),
    path("disputes/<int:pk>/party/", disputes.dispute_party, name="dispute-party"),
    path("disputes/<int:pk>/decider/", disputes.dispute_decider, name="dispute-decider"),
    path("disputes/<int:pk>/step-aside/", disputes.dispute_step_aside, name="dispute-step-aside"),
    path("disputes/<int:pk>/decide/", disputes.dispute_decide, name="dispute-decide"),
    path("disputes/<int:pk>/appeal/", disputes.dispute_appeal, name="dispute-appeal"),
    path("disputes/<int:pk>/withdraw/", disputes.dispute_withdraw, name="dispute-withdraw"),
]
