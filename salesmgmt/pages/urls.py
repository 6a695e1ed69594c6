from django.conf import settings
from django.urls import URLPattern, path

from salesmgmt.pages import styleguide, views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("palette/", views.palette, name="palette"),
]

if settings.DEBUG:
    urlpatterns += [
        path("styleguide/", styleguide.components, name="styleguide"),
        path("styleguide/home/", styleguide.home, name="styleguide-home"),
    ]
