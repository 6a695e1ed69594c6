from django.urls import path, re_path

from .views import cases, meetings, talks, week

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
    path("one-on-ones/<int:pk>/move/", talks.one_on_one_move, name="one-on-one-move"),
    path("one-on-ones/rhythm/", talks.rhythm_set, name="rhythm-set"),
    path("rhythms/<int:pk>/end/", talks.rhythm_end, name="rhythm-end"),
    path("one-on-ones/pulse/", talks.pulse_say, name="pulse-say"),
    path("week/", week.week, name="week"),
    path("meetings/", meetings.meetings, name="meetings"),
    path("meetings/plan/", meetings.meeting_plan, name="meeting-plan"),
    path("meetings/ask/", meetings.meeting_ask, name="meeting-ask"),
    path("meetings/<int:pk>/", meetings.meeting, name="meeting"),
    path("meetings/<int:pk>/move/", meetings.meeting_move, name="meeting-move"),
    path("meetings/<int:pk>/cancel/", meetings.meeting_cancel, name="meeting-cancel"),
    path("meetings/<int:pk>/prepare/", meetings.meeting_prepare, name="meeting-prepare"),
    path("meetings/<int:pk>/hold/", meetings.meeting_hold, name="meeting-hold"),
    path("meetings/<int:pk>/minutes/", meetings.meeting_minutes, name="meeting-minutes"),
    path("meetings/<int:pk>/decide/", meetings.meeting_decide, name="meeting-decide"),
    path("meetings/<int:pk>/promise/", meetings.meeting_promise, name="meeting-promise"),
    path("meetings/<int:pk>/decisions/<int:decision_pk>/", meetings.decision_settle, name="decision-settle"),
    path("meetings/<int:pk>/questions/<int:question_pk>/", meetings.meeting_question, name="meeting-question"),
    path("meetings/<int:pk>/points/<int:point_pk>/", meetings.point_tick, name="meeting-point-tick"),
]
