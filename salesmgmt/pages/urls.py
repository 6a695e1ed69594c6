from django.conf import settings
from django.urls import URLPattern, path

from salesmgmt.pages import styleguide

urlpatterns: list[URLPattern] = []

if settings.DEBUG:
    urlpatterns += [
        path("styleguide/", styleguide.components, name="styleguide"),
        path("styleguide/home/", styleguide.home, name="styleguide-home"),
    ]
