from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "salesmgmt.desk"
    verbose_name = "Desk"
