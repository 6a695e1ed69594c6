from django.conf import settings
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from salesmgmt.pages import calendar, erasures, managers, notices, rights, styleguide, todo, views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("teams/", views.teams, name="teams"),
    path("teams/<int:pk>/", views.team, name="team"),
    path("people/<int:pk>/", views.person, name="person"),
    path("managers/<int:pk>/record/", managers.record, name="manager-record"),
    path("to-do/", RedirectView.as_view(pattern_name="tasks")),  # where the list was before
    path("tasks/", todo.tasks, name="tasks"),
    path("tasks/add/", todo.task_add, name="task-add"),
    path("tasks/<int:pk>/", todo.task, name="task"),
    path("tasks/<int:pk>/done/", todo.task_done, name="task-done"),
    path("tasks/<int:pk>/reopen/", todo.task_reopen, name="task-reopen"),
    path("tasks/<int:pk>/snooze/", todo.task_snooze, name="task-snooze"),
    path("calendar/<str:secret>.ics", calendar.feed, name="calendar-feed"),
    path("notices/", notices.notices, name="notices"),
    path("notices/count/", notices.notice_count, name="notice-count"),
    path("notices/seen/", notices.notices_seen, name="notices-seen"),
    path("notices/mail/", notices.notices_mail, name="notices-mail"),
    path("notices/ways/", notices.notice_ways, name="notice-ways"),
    path("unsubscribe/<str:signed>/", notices.unsubscribe, name="unsubscribe"),
    path("erasures/", erasures.erasures, name="erasures"),
    path("erasures/<slug:noun>/<int:pk>/", erasures.erasure, name="erasure"),
    path("privacy/", rights.privacy, name="privacy"),
    path("privacy/shown/<slug:what>/", rights.privacy_showing, name="privacy-showing"),
    path("privacy/kept/<slug:key>/", rights.privacy_kept, name="privacy-kept"),
    path("me/looks/", rights.looks, name="looks"),
    path("me/data/", rights.own_data, name="own-data"),
    path("me/data/file/", rights.own_data_file, name="own-data-file"),
    path("search/", views.search, name="search"),
    path("palette/", views.palette, name="palette"),
]

if settings.DEBUG:
    urlpatterns += [
        path("styleguide/", styleguide.components, name="styleguide"),
        path("styleguide/home/", styleguide.home, name="styleguide-home"),
    ]
