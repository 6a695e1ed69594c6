"""Versions of what open pages show: bumped after a change, asked for by the browser every second (house, "Live pages").

A stamp per person, per team with all above it, and for the company lives in Redis only. Losing Redis loses nothing:
a page that can't ask keeps its figures and asks less often.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from functools import cache

import redis
import structlog
from django.conf import settings

from salesmgmt.lib import clock
from teams.models import Team, Viewer

LIFETIME = 15 * 60  # seconds a token is good for; each answered page or partial carries a new one
LONGEST = 2000  # characters of a token that are looked at
PATIENCE = 0.2
COMPANY = "c"

logger = structlog.get_logger(__name__)


@cache
def _redis() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, max_connections=64
    )


def _key(scope: str) -> str:
    return f"paceline:live:{scope}"


def bump(*, people: Iterable[int] = (), teams: Iterable[int] = ()) -> None:
    """Tell open pages that figures of these people and teams, and of the company, have changed; best effort."""
    above = Team.objects.filter(pk__in=set(teams or ())).values_list("path", flat=True)
    scopes = {COMPANY, *(f"p{pk}" for pk in people or ()), *(f"t{pk}" for path in above for pk in path)}
    stamp = secrets.token_hex(6)
    try:
        _redis().mset({_key(scope): stamp for scope in scopes})
    except redis.RedisError as error:
        logger.warning("live_bump_lost", error=str(error))


def token_for(user: Viewer, *scopes: str, now: float | None = None) -> str:
    """A signed, short-lived leave to ask for the stamp of scopes: `company`, `team:3`, `person:7`, by id.

    It carries the version that is about to be shown, so ask for it before the figures. The caller has already worked
    out what `user` may see; the stamp itself tells only that something changed.
    """
    names = [COMPANY if s == "company" else f"{s[0]}{s.partition(':')[2]}" for s in scopes or ("company",)]
    expires = int(clock.now().timestamp() if now is None else now) + LIFETIME
    try:
        version = _version(names)
    except redis.RedisError:
        version = ""  # the page asks anew once it can
    text = f"{user.pk}.{expires}.{'-'.join(names)}.{version}"
    return f"{text}.{_signature(text)}"


def stamp(token: str, *, now: float | None = None) -> str | None:
    """The version of what a token is for; None where the token is not ours or has run out. Raises RedisError."""
    text, _, signature = token[:LONGEST].rpartition(".")
    if not hmac.compare_digest(_signature(text).encode(), signature.encode()):
        return None
    _, expires, names, _ = text.split(".")
    if int(expires) < (clock.now().timestamp() if now is None else now):
        return None
    return _version(names.split("-"))


def _version(names: Sequence[str]) -> str:
    found = _redis().mget([_key(name) for name in names])
    return hashlib.sha256(repr(found).encode()).hexdigest()[:12]


def _signature(text: str) -> str:
    digest = hmac.new(f"live:{settings.SECRET_KEY}".encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:18]).decode()
