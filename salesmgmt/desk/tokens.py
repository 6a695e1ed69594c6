"""Secrets that open one thing; only their hashes are kept."""

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import Q

from .models import Token


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def user_of_token(secret: str, purpose: str) -> Any:
    """Whose address (a calendar feed's, a mailbox's) has this secret; None where it opens nothing."""
    tokens = Token.objects.select_related("user")
    token = tokens.filter(digest=digest(secret), purpose=purpose, revoked_at=None, user__is_active=True).first()
    return token and token.user


def user_of_api_token(secret: str, *, at: datetime) -> Any:
    """Whose API client holds this secret; None where it opens nothing."""
    token = (
        Token.objects.select_related("user")
        .filter(digest=digest(secret), purpose=Token.Purpose.API, revoked_at=None, user__is_active=True)
        .filter(Q(expires_at=None) | Q(expires_at__gt=at))
        .first()
    )
    return token and token.user
