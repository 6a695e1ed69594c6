"""What sales' endpoints share."""

from typing import Any, cast

import django_filters as filters
from rest_framework import serializers
from rest_framework.request import Request

from salesmgmt.desk.api import Writer
from teams.models import User
from teams.selectors import person_of

Text = serializers.CharField


def own_or_said(request: Request, said: dict[str, Any]) -> dict[str, Any]:
    """Without an owner, it is whoever asks."""
    if said.get("owner") is None:
        said["owner"] = person_of(cast(User, request.user))
        if said["owner"] is None:
            raise serializers.ValidationError({"owner": ["Say whose this is."]})
    return said


class Names(filters.FilterSet):
    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Part of the name")
    external_id = filters.CharFilter()


class Versioned(Writer):
    version = serializers.IntegerField(
        required=False, min_value=1, help_text="As you read it; what was changed since is refused"
    )
