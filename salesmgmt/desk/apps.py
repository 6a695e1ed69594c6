from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "salesmgmt.desk"
    verbose_name = "Desk"

    def ready(self) -> None:
        from salesmgmt import celery  # noqa: F401  (every process that sends a task needs the application)
