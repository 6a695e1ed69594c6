from django.apps import AppConfig
from django.contrib.admin import apps as admin


class DeskConfig(AppConfig):
    default = True
    name = "salesmgmt.desk"
    verbose_name = "Desk"

    def ready(self) -> None:
        from salesmgmt import celery  # noqa: F401  (every process that sends a task needs the application)


class AdminConfig(admin.AdminConfig):
    default = False
    default_site = "salesmgmt.desk.admin_site.PacelineAdminSite"
