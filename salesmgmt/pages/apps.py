from importlib import import_module

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "salesmgmt.pages"
    verbose_name = "Pages"

    def ready(self) -> None:
        import_module("salesmgmt.pages.agendas")  # it declares what fills agendas
