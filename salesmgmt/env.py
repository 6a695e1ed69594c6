"""Reads the environment. A wrong or missing value ends the start with one sentence that names it."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError
from marshmallow import ValidationError


class Environment(Env):
    """environs, whose complaints are sentences for an operator."""

    def read(self, kind: str, name: str, *default: Any, **options: Any) -> Any:
        """The value of `name` as `kind` (bool, int, str, list, url, …); an empty one counts as not given."""
        try:
            if default and not self.str(name, ""):
                return default[0]
            if not self.str(name, ""):
                raise ImproperlyConfigured(f"{name} is missing: set it in the environment (README, “Operating”).")
            return getattr(self, kind)(name, **options)
        except EnvError as error:
            raise ImproperlyConfigured(f"{name} is wrong: {_reason(error)}") from None


def _reason(error: EnvError) -> str:
    messages = getattr(error, "error_messages", None)
    reason = messages[0] if isinstance(messages, list) and messages else str(error)
    return reason if reason.endswith(".") else f"{reason}."


def database(url: str) -> dict[str, Any]:
    """A Django database from `postgres://user:password@host:port/name`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ValidationError("it must read postgres://user:password@host:5432/name.")
    try:
        return dict(dj_database_url.parse(url))
    except ValueError:
        raise ValidationError("it must read postgres://user:password@host:5432/name.") from None


def redis_url(url: str) -> str:
    """A Redis address with its database number written out."""
    parts = urlsplit(url)
    number = parts.path.strip("/") or "0"
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname or not number.isdigit():
        raise ValidationError("it must read redis://:password@host:6379/0.")
    return urlunsplit(parts._replace(path=f"/{number}"))


def next_redis_database(url: str) -> str:
    """The database beside the broker's, for the cache."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{int(parts.path.strip('/')) + 1}"))


def base_url(url: str) -> str:
    """Scheme and host by which people reach Paceline."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ValidationError("it must read https://paceline.example.com, without a path.")
    return url.rstrip("/")
