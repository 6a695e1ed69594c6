from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from salesmgmt.desk.views import again, view_delete, view_save

urlpatterns = [
    path("admin/login/", login_not_required(RedirectView.as_view(pattern_name="login", query_string=True))),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password_change")),
    path("again/", again, name="again"),
    path("views/", view_save, name="view-save"),
    path("views/<int:pk>/delete/", view_delete, name="view-delete"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("salesmgmt.api")),
    path("", include("teams.urls")),
    path("", include("sales.urls")),
    path("", include("targets.urls")),
    path("", include("performance.urls")),
    path("", include("coaching.urls")),
    path("", include("recognition.urls")),
    path("", include("salesmgmt.exchange.urls")),
    path("", include("salesmgmt.pages.urls")),
]

handler404 = "salesmgmt.pages.errors.missing"
handler500 = "salesmgmt.pages.errors.broken"
