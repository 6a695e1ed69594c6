"""Forms of coaching: they clean, services save."""

from .cases import CaseForm, CloseCaseForm, MoveCaseForm
from .meetings import (
    AttendanceForm,
    MeetingAnswerForm,
    MeetingDecisionForm,
    MeetingForm,
    MeetingQuestionForm,
    MinutesForm,
    MoveMeetingForm,
    OutcomeForm,
    PromiseForm,
)
from .rhythms import PulseForm, RhythmForm
from .talks import ActionForm, AgendaForm, CancelTalkForm, DoneForm, MoveTalkForm, NoteForm, PlanForm, next_talk

__all__ = [
    "ActionForm",
    "AgendaForm",
    "AttendanceForm",
    "CancelTalkForm",
    "CaseForm",
    "CloseCaseForm",
    "DoneForm",
    "MeetingAnswerForm",
    "MeetingDecisionForm",
    "MeetingForm",
    "MeetingQuestionForm",
    "MinutesForm",
    "MoveCaseForm",
    "MoveMeetingForm",
    "MoveTalkForm",
    "NoteForm",
    "OutcomeForm",
    "PlanForm",
    "PromiseForm",
    "PulseForm",
    "RhythmForm",
    "next_talk",
]
