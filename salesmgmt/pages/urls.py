from django.conf import settings
from django.urls import URLPattern, path

from salesmgmt.pages import styleguide, views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("teams/", views.teams, name="teams"),
    path("teams/<int:pk>/", views.team, name="team"),
    path("people/<int:pk>/", views.person, name="person"),
    path("to-do/", views.todo, name="todo"),
    path("to-do/<int:pk>/done/", views.todo_done, name="todo-done"),
    path("to-do/<int:pk>/reopen/", views.todo_reopen, name="todo-reopen"),
    path("search/", views.search, name="search"),
    path("palette/", views.palette, name="palette"),
]

if settings.DEBUG:
    urlpatterns += [
        path("styleguide/", styleguide.components, name="styleguide"),
        path("styleguide/home/", styleguide.home, name="styleguide-home"),
    ]
