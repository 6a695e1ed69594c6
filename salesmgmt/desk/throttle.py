"""So many of something in each minute; without Redis nobody is held up."""

import redis
from django.core.cache import cache

from salesmgmt.lib import clock


def is_within(who: str, most: int) -> bool:
    """Count one more for `who` in this minute: is it still within the limit?"""
    key = f"throttle:{who}:{int(clock.now().timestamp() // 60)}"
    try:
        try:
            count = cache.incr(key)
        except ValueError:
            cache.set(key, 1, timeout=120)
            count = 1
    except (redis.RedisError, OSError):
        return True
    return bool(count <= most)
