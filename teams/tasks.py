"""What the worker does for logins."""

from typing import Any
from urllib.parse import urlsplit

from celery import shared_task
from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm

from salesmgmt.desk.wake import publish


@shared_task
def send_password_reset(email: str, **kwargs: Any) -> None:
    """Mail a link to whoever has this address and a login; silently nothing where nobody has."""
    form = PasswordResetForm({"email": email})
    if form.is_valid():
        base = urlsplit(settings.BASE_URL)
        form.save(
            domain_override=base.netloc,
            use_https=base.scheme == "https",
            email_template_name="registration/password_reset_email.txt",
            subject_template_name="registration/password_reset_subject.txt",
        )


def ask_for_password_reset(email: str) -> None:
    """Have the worker send it; without a broker it is sent here and now."""
    if not publish(send_password_reset, email):
        send_password_reset(email)
