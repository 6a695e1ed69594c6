from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "salesmgmt.pages"
    verbose_name = "Pages"
