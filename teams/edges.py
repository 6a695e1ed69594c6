"""What an edge behind the login is handed."""

from django.http import HttpRequest

from teams.models import User


class SignedIn(HttpRequest):
    """A request that LoginRequiredMiddleware let through (for annotations)."""

    user: User
