"""What takes long to work out and changes slowly is kept for some minutes; without Redis it is worked out each time."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from django.conf import settings
from django.core.cache import cache

T = TypeVar("T")


def kept(make: Callable[[], T], *about: Any) -> T:
    """The value made for `about` within the last `LEARNED_FOR` seconds, or a new one."""
    if not settings.LEARNED_FOR:
        return make()
    key = f"learned:{hashlib.sha256(repr(about).encode()).hexdigest()}"
    try:
        found: T | None = cache.get(key)
        if found is None:
            found = make()
            cache.set(key, found, timeout=settings.LEARNED_FOR)
    except (redis.RedisError, OSError):
        return make()
    return found
