"""Plays and where they were used, in the API."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coaching import selectors, services
from coaching.models import Play, PlayComment, PlayUse
from sales.models import Activity, Deal, Product, Stage
from salesmgmt.desk.api import Changes, Records, VisibleField, Writer
from salesmgmt.lib import clock
from teams.api import Id, today_of


class PlaySerializer(serializers.ModelSerializer):
    votes = serializers.IntegerField(source="vote_count", read_only=True)

    class Meta:
        model = Play
        fields = (
            "id", "name", "technique", "talk_track", "objection", "answer", "example", "stage", "segment", "product",
            "author", "state", "proposed_at", "votes", "version",
        )  # fmt: skip
        read_only_fields = fields


class PlayWriter(Writer):
    name = serializers.CharField(max_length=120)
    technique = serializers.CharField(max_length=3000)
    talk_track = serializers.CharField(max_length=3000, required=False, allow_blank=True)
    objection = serializers.CharField(max_length=500, required=False, allow_blank=True)
    answer = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    example = serializers.CharField(max_length=3000, required=False, allow_blank=True)
    stage = VisibleField(model=Stage, required=False, allow_null=True)
    segment = serializers.CharField(max_length=100, required=False, allow_blank=True)
    product = VisibleField(model=Product, required=False, allow_null=True)


class PlayChanges(Changes, PlayWriter):
    version = serializers.IntegerField(required=False, min_value=1)


class ReasonWriter(Writer):
    reason = serializers.CharField(max_length=300)


class PlayCommentWriter(Writer):
    text = serializers.CharField(max_length=2000)


class PlayCommentSerializer(serializers.ModelSerializer):
    class Meta:
        model = PlayComment
        fields = ("id", "play", "author", "text", "at")
        read_only_fields = fields


class PlayFilter(filters.FilterSet):
    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Part of the name")
    state = filters.ChoiceFilter(choices=Play.State.choices)
    author = Id("author")
    stage = Id("stage")
    product = Id("product")


class Plays(Records):
    """Ways to sell, said so that others can use them."""

    model = Play
    serializer_class = PlaySerializer
    filterset_class = PlayFilter
    ordering_fields = ("id", "name")

    def get_queryset(self) -> Any:
        return selectors.plays_of(self.by)

    @extend_schema(request=PlayWriter, responses={201: PlaySerializer})
    def create(self, request: Request) -> Response:
        """Propose a play."""
        said = self.cleaned(PlayWriter)
        return self.shown(services.propose_play(by=self.by, at=clock.now(), **said), status=201)

    @extend_schema(request=PlayChanges, responses=PlaySerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say it better; what it said before is kept."""
        said = self.cleaned(PlayChanges)
        return self.shown(services.change_play(play=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=ReasonWriter, responses=PlaySerializer)
    @action(detail=True, methods=["post"])
    def adopt(self, request: Request, pk: str) -> Response:
        """Make it one of the house's."""
        said = self.cleaned(ReasonWriter)
        return self.shown(services.adopt_play(play=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=ReasonWriter, responses=PlaySerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Out of use; where it was used stays known."""
        said = self.cleaned(ReasonWriter)
        return self.shown(services.retire_play(play=self.get_object(), by=self.by, at=clock.now(), **said))

    @extend_schema(request=None, responses=PlaySerializer)
    @action(detail=True, methods=["post"])
    def vote(self, request: Request, pk: str) -> Response:
        """It works for you; twice is the same vote."""
        play = self.get_object()
        services.vote_for_play(play=play, by=self.by, at=clock.now())
        return self.shown(play)

    @extend_schema(request=None, responses=PlaySerializer)
    @vote.mapping.delete
    def take_back(self, request: Request, pk: str) -> Response:
        """Take your vote back."""
        play = self.get_object()
        services.take_vote_back(play=play, by=self.by)
        return self.shown(play)

    @extend_schema(request=PlayCommentWriter, responses={201: PlayCommentSerializer})
    @action(detail=True, methods=["post"])
    def comment(self, request: Request, pk: str) -> Response:
        """Say something about it, for all who sell."""
        said = self.cleaned(PlayCommentWriter)
        made = services.comment_on_play(play=self.get_object(), by=self.by, at=clock.now(), **said)
        return Response(PlayCommentSerializer(made).data, status=201)


class PlayCommentFilter(filters.FilterSet):
    play = Id("play")
    author = Id("author")


class PlayComments(Records):
    """What peers have to say about plays."""

    model = PlayComment
    serializer_class = PlayCommentSerializer
    filterset_class = PlayCommentFilter
    ordering_fields = ("id",)


class PlayUseSerializer(serializers.ModelSerializer):
    class Meta:
        model = PlayUse
        fields = ("id", "play", "deal", "activity", "person", "used_on", "at")
        read_only_fields = fields


class PlayUseWriter(Writer):
    play = VisibleField(model=Play)
    deal = VisibleField(model=Deal, required=False, allow_null=True)
    activity = VisibleField(model=Activity, required=False, allow_null=True, help_text="Its deal is the activity's")


class PlayUseFilter(filters.FilterSet):
    play = Id("play")
    deal = Id("deal")
    activity = Id("activity")


class PlayUses(Records):
    """Which play was used on which deal or in which activity."""

    model = PlayUse
    serializer_class = PlayUseSerializer
    filterset_class = PlayUseFilter
    ordering_fields = ("id", "used_on")

    @extend_schema(request=PlayUseWriter, responses={201: PlayUseSerializer})
    def create(self, request: Request) -> Response:
        """Say that a play was used, while the deal is open."""
        said = self.cleaned(PlayUseWriter)
        use = services.use_play(by=self.by, at=clock.now(), on=today_of(request), **said)
        return self.shown(use, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """It was not used after all."""
        services.take_use_back(use=self.get_object(), by=self.by)
        return Response(status=204)


ENDPOINTS = {"plays": Plays, "play-comments": PlayComments, "play-uses": PlayUses}
