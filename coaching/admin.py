"""That there are cases, 1:1s and promises, and when. Their words are never here: they are those people's."""

from django.contrib import admin

from salesmgmt.desk.admin_site import ReadOnlyAdmin, WordlessAdmin

from .models import ActionItem, Case, CoachingPlan, Course, Dispute, Enrolment, Ladder, OneOnOne, Play, SkillTarget


@admin.register(Case)
class CaseAdmin(WordlessAdmin):
    list_display = ("person", "owner", "state", "due_on")
    list_select_related = ("person", "owner")
    list_filter = ("state",)
    search_fields = ("person__name", "owner__name")
    ordering = ("-pk",)


@admin.register(OneOnOne)
class OneOnOneAdmin(WordlessAdmin):
    list_display = ("person", "manager", "starts_at", "state")
    list_select_related = ("person", "manager")
    list_filter = ("state",)
    search_fields = ("person__name", "manager__name")
    ordering = ("-starts_at",)


@admin.register(ActionItem)
class ActionItemAdmin(WordlessAdmin):
    list_display = ("person", "owner", "due_on", "done_at")
    list_select_related = ("person", "owner")
    list_filter = (("done_at", admin.EmptyFieldListFilter),)
    search_fields = ("person__name", "owner__name")
    ordering = ("-pk",)


@admin.register(CoachingPlan)
class CoachingPlanAdmin(WordlessAdmin):
    list_display = ("person", "coach", "kind", "starts_on", "until")
    list_select_related = ("person", "coach")
    list_filter = ("kind",)
    search_fields = ("person__name", "coach__name")
    ordering = ("-starts_on", "-pk")


@admin.register(Play)
class PlayAdmin(ReadOnlyAdmin):
    list_display = ("name", "author", "state", "proposed_at")
    list_select_related = ("author",)
    list_filter = ("state",)
    search_fields = ("name",)
    ordering = ("-proposed_at",)


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """That it is there, and when it is due; not who says what."""

    list_display = ("id", "subject", "state", "opened_at", "statements_due_on", "decide_by")
    fields = ("subject", "state", "round", "opened_at", "statements_due_on", "decide_by", "appeal_until")
    list_filter = ("subject", "state")
    ordering = ("-pk",)


@admin.register(Ladder)
class LadderAdmin(WordlessAdmin):
    """That there is one, and no word of it."""

    list_display = ("person", "opened_at", "closed_at", "outcome")
    list_select_related = ("person",)
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    search_fields = ("person__name",)
    ordering = ("-pk",)


@admin.register(SkillTarget)
class SkillTargetAdmin(ReadOnlyAdmin):
    list_display = ("role", "skill", "level")
    list_select_related = ("skill",)
    list_filter = ("role",)
    ordering = ("role", "skill__name")


@admin.register(Course)
class CourseAdmin(ReadOnlyAdmin):
    list_display = ("title", "author", "measure", "retired_at")
    list_select_related = ("author",)
    search_fields = ("title",)
    ordering = ("title",)


@admin.register(Enrolment)
class EnrolmentAdmin(WordlessAdmin):
    list_display = ("person", "course", "due_on", "passed_at", "withdrawn_at")
    list_select_related = ("person", "course")
    list_filter = (("passed_at", admin.EmptyFieldListFilter),)
    search_fields = ("person__name", "course__title")
    ordering = ("-pk",)
