from django.urls import URLPattern, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern] = [
    path("invitation/<str:secret>/", RedirectView.as_view(url="/login/"), name="invitation"),
]
