from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "salesmgmt.exchange"
    verbose_name = "Import and export"
