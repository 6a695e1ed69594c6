from django.urls import path

from . import views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:pk>/", views.import_page, name="import"),
    path("imports/<int:pk>/map/", views.import_map, name="import-map"),
    path("imports/<int:pk>/take/", views.import_take, name="import-take"),
    path("imports/<int:pk>/stop/", views.import_stop, name="import-stop"),
    path("imports/<int:pk>/resume/", views.import_resume, name="import-resume"),
    path("imports/<int:pk>/undo/", views.import_undo, name="import-undo"),
    path("imports/<int:pk>/discard/", views.import_discard, name="import-discard"),
    path("imports/<int:pk>/rejects/", views.import_rejects, name="import-rejects"),
    path("exports/<slug:kind>.csv", views.export, {"ending": "csv"}, name="export"),
    path("exports/<slug:kind>.xlsx", views.export, {"ending": "xlsx"}, name="export-xlsx"),
]
