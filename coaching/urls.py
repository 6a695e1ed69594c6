from django.urls import path, re_path

from .views import cases, questions, talks

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
    path("cases/add/", cases.case_add, name="case-add"),
    path("cases/raise/", cases.case_raise, name="case-raise"),
    path("cases/<int:pk>/hand-over/", cases.case_hand_over, name="case-hand-over"),
    path("cases/<int:pk>/rule/", cases.case_rule, name="case-rule"),
    path("cases/<int:pk>/reopen/", cases.case_reopen, name="case-reopen"),
    path("cases/<int:pk>/ask/", cases.case_ask, name="case-ask"),
    path("cases/<int:pk>/ask-view/", cases.case_ask_view, name="case-ask-view"),
    path("cases/<int:pk>/statement/", cases.case_statement, name="case-statement"),
    path("causes/", cases.causes, name="causes"),
    path("questions/", questions.questions, name="questions"),
    path("questions/<int:pk>/answer/", questions.question_answer, name="question-answer"),
]
