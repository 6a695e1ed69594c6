"""What the worker does for logins."""

from typing import Any

from celery import shared_task

from . import services


@shared_task
def mail_password_reset(email: str, **kwargs: Any) -> None:
    """Mail a link to whoever has this address and a login."""
    services.mail_password_reset(email=email)
