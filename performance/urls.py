from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("records/", views.records, name="records"),
    path("flags/<int:pk>/", views.flag, name="flag"),
]
