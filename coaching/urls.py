from django.urls import path, re_path

from coaching import views

PLACE = r"^(?P<place>cases|one-on-ones)/(?P<pk>[0-9]{1,18})"

urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/<int:pk>/", views.case, name="case"),
    path("cases/<int:pk>/move/", views.case_move, name="case-move"),
    path("cases/<int:pk>/close/", views.case_close, name="case-close"),
    path("flags/<int:flag_pk>/case/", views.case_open, name="case-open"),
    path("one-on-ones/", views.one_on_ones, name="one-on-ones"),
    path("one-on-ones/plan/", views.one_on_one_plan, name="one-on-one-plan"),
    path("one-on-ones/<int:pk>/", views.one_on_one, name="one-on-one"),
    path("one-on-ones/<int:pk>/hold/", views.one_on_one_hold, name="one-on-one-hold"),
    path("one-on-ones/<int:pk>/cancel/", views.one_on_one_cancel, name="one-on-one-cancel"),
    path("one-on-ones/<int:pk>/agenda/", views.agenda_add, name="agenda-add"),
    path("one-on-ones/<int:pk>/agenda/<int:item_pk>/", views.agenda_tick, name="agenda-tick"),
    re_path(PLACE + r"/promise/$", views.promise, name="promise"),
    re_path(PLACE + r"/note/$", views.note, name="note"),
    path("action-items/<int:pk>/done/", views.action_done, name="action-done"),
]
