from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("teams.urls")),
    path("", include("sales.urls")),
    path("", include("targets.urls")),
    path("", include("performance.urls")),
    path("", include("coaching.urls")),
    path("", include("recognition.urls")),
    path("", include("salesmgmt.exchange.urls")),
    path("", include("salesmgmt.pages.urls")),
]
