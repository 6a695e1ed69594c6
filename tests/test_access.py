"""Every address × every identity: who may see what, in one table.

The records belong to ana (North, led by maya). Whoever is not named beside an address gets the same dull 404 there,
and somebody anonymous is sent to the login. Beside the cast there are dora (delivery), hugo (HR), nina (a login that
belongs to nobody) and lena, who has left.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, get_resolver, resolve, reverse

from coaching import services as coaching
from coaching.models import Lesson, OnboardingStep
from performance.models import Flag, Report
from recognition import services as recognition
from recognition.models import Kudos, Suggestion
from sales import services as sales
from sales.models import (
    Account,
    Campaign,
    Contact,
    DiscountApproval,
    Gift,
    InboundMail,
    LookAlike,
    Order,
    Recommendation,
    Referral,
    Task,
)
from sales.services import leads
from salesmgmt.desk.digests import SIGNER
from salesmgmt.desk.models import SavedView, Token
from salesmgmt.exchange.models import Batch, BatchRow
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from targets import services as targets
from targets.models import (
    Allocation,
    Candidate,
    Expense,
    Offer,
    Plan,
    Position,
    QuotaProposal,
    RampProfile,
    Redistribution,
    Slice,
)
from teams import services as teams
from teams.models import DataCopy, Look, Person, Posting, Role, Skill, SkillRating, Team, User
from tests.cast import Cast, make_cast

IDENTITIES = (
    "anonymous", "ana", "ben", "cleo", "maya", "omar", "vera", "olga", "dora", "hugo", "admin", "nina", "lena",
)  # fmt: skip
EVERYBODY = "ana ben cleo maya omar vera olga dora hugo admin nina lena"
POSTED = "ana ben cleo maya omar vera olga dora hugo admin"  # whose login belongs to somebody who works here
LINE = "ana maya vera olga admin"  # the person, who leads them, and who sees all
PUBLIC = "anonymous " + EVERYBODY

# name: (who, method). A POST sends nothing, so those who may are told what is missing; none of them is sent away.
GET, POST = "GET", "POST"
IMPORTERS = "olga admin"
DOERS = "ana maya olga admin"  # an executive reads all teams, and changes plans only
PLANNERS = "vera olga admin"
LEADERS = "maya omar vera olga admin"
COMPARERS = "ana ben cleo maya omar vera olga admin"  # who sells, leads or runs it; not HR, not departments
COLLEAGUES = "ana ben cleo maya omar vera olga dora hugo"
DELIVERERS = "olga dora admin"
CONCERNED = "ana ben omar hugo"  # the parties, who decides, HR; no executive of their line
LADDER_ACTS = (
    "ladder-change", "ladder-goal", "ladder-goal-remove", "ladder-support", "ladder-support-say", "ladder-publish",
    "ladder-read", "ladder-pause", "ladder-extend", "ladder-finish", "ladder-decide", "ladder-answer",
    "ladder-withdraw", "ladder-witness", "ladder-left",
)  # fmt: skip
TABLE: dict[str, tuple[str, str]] = {
    # logins
    "login": (PUBLIC, GET),
    "logout": (EVERYBODY, POST),
    "password_reset": (PUBLIC, GET),
    "password_reset_done": (PUBLIC, GET),
    "password_reset_complete": (PUBLIC, GET),
    "password_reset_confirm": (PUBLIC, GET),
    "invitation": ("", GET),
    "password_change": (EVERYBODY, GET),
    "password_change_done": (EVERYBODY, GET),
    "profile": (EVERYBODY, GET),
    "token-add": (EVERYBODY, POST),
    "token-revoke": ("ana", POST),
    # pages
    "home": (EVERYBODY, GET),
    "again": (EVERYBODY, GET),
    "notices": (EVERYBODY, GET),
    "notice-count": (EVERYBODY, GET),
    "notices-seen": (EVERYBODY, POST),
    "notices-mail": (EVERYBODY, POST),
    "unsubscribe": (PUBLIC, GET),
    "erasures": ("admin", GET),
    "erasure": ("admin", GET),
    "search": (EVERYBODY, GET),
    "palette": (EVERYBODY, GET),
    "tasks": (EVERYBODY, GET),
    "task-add": (COLLEAGUES, POST),
    "task": (LINE, GET),
    "task-done": (DOERS, POST),
    "task-reopen": (DOERS, POST),
    "task-snooze": (DOERS, POST),
    "calendar-feed": ("", GET),
    "address-make": (COLLEAGUES, POST),
    "address-revoke": (EVERYBODY, POST),
    "teams": (LEADERS, GET),
    "team": ("maya vera olga admin", GET),
    "person": (LINE, GET),
    # calendar, seasons, ramps
    "calendar": (PLANNERS, GET),
    "periods": (PLANNERS, GET),
    "period": (PLANNERS, GET),
    "seasons": (PLANNERS, GET),
    "season": (PLANNERS, GET),
    "ramps": (PLANNERS, GET),
    "ramp": (PLANNERS, GET),
    "ramp-add": (PLANNERS, GET),
    # sales
    "activities": (EVERYBODY, GET),
    "activity-log": (EVERYBODY, GET),
    "activity": (LINE, GET),
    "activity-withdraw": (DOERS, POST),
    "activity-restore": (DOERS, POST),
    "mails": (EVERYBODY, GET),
    "mail-assign": ("ana", POST),
    "mail-discard": ("ana", POST),
    "activity-templates": (EVERYBODY, GET),
    "activity-template": ("ana", GET),
    "activity-template-remove": ("ana", POST),
    "time": (EVERYBODY, GET),
    "time-withdraw": (DOERS, POST),
    "market": (EVERYBODY, GET),
    "market-options": (EVERYBODY, GET),
    "market-note": (LINE, GET),
    "market-note-withdraw": (DOERS, POST),
    "market-note-restore": (DOERS, POST),
    "deals": (EVERYBODY, GET),
    "deal-board": (EVERYBODY, GET),
    "deal-add": (EVERYBODY, GET),
    "deal": (LINE, GET),
    "deal-move": (DOERS, POST),
    "deal-win": (DOERS, POST),
    "deal-lose": (DOERS, POST),
    "deal-reopen": (DOERS, POST),
    "deal-change": (DOERS, POST),
    "deal-line-add": (DOERS, GET),
    "deal-line": (DOERS, GET),
    "deal-line-remove": (DOERS, POST),
    "deal-quote": (DOERS, POST),
    "deal-discount": (DOERS, POST),
    "discounts": (EVERYBODY, GET),
    "discount-decide": ("maya vera olga admin", POST),
    "deal-share": (DOERS, GET),
    "deal-competitors": (DOERS, GET),
    "deal-reasons": (DOERS, GET),
    "deal-pipeline": (DOERS, POST),
    "deal-edit": (DOERS, GET),
    "deals-bulk": (EVERYBODY, POST),
    "bulk-acts": (EVERYBODY, GET),
    "bulk-undo": ("ana", POST),
    "view-save": (EVERYBODY, POST),
    "view-delete": ("ana", POST),
    "accounts": (EVERYBODY, GET),
    "account-add": (EVERYBODY, GET),
    "account-options": (EVERYBODY, GET),
    "account": (LINE, GET),
    "account-timeline": (LINE, GET),
    "account-change": (DOERS, POST),
    "contact-add": (LINE, POST),
    "account-withdraw": (DOERS, POST),
    "account-restore": (DOERS, POST),
    "account-profile": (LINE, POST),
    "account-merge": (DOERS, GET),
    "contacts": (EVERYBODY, GET),
    "contact-new": (EVERYBODY, GET),
    "contact-options": (EVERYBODY, GET),
    "contact": (LINE, GET),
    "contact-timeline": (LINE, GET),
    "contact-change": (LINE, POST),
    "contact-withdraw": (DOERS, POST),
    "contact-restore": (DOERS, POST),
    "contact-merge": (DOERS, GET),
    "role-add": (LINE, POST),
    "role-remove": (LINE, POST),
    "duplicates": (IMPORTERS, GET),
    "duplicates-find": (IMPORTERS, POST),
    "duplicate-apart": (IMPORTERS, POST),
    "merge-undo": (DOERS, POST),
    "handovers": (EVERYBODY, GET),
    "handover-add": (EVERYBODY, GET),
    "handover": ("ana cleo maya omar vera olga admin", GET),
    "handover-answer": ("maya omar vera", POST),
    "handover-take-back": ("ana", POST),
    "orders": (EVERYBODY, GET),
    "order": (LINE, GET),
    "order-refund": (DOERS, POST),
    "order-cancel": (DOERS, POST),
    "order-share": (DOERS, POST),
    # after the order
    "order-add": (EVERYBODY, GET),
    "order-lines": (DOERS, POST),
    "order-dates": (DOERS, POST),
    "order-ask": (DOERS, POST),
    "order-problem": (DOERS + " dora", POST),
    "problem-resolve": (DOERS + " dora", POST),
    "deliveries": (DELIVERERS, GET),
    "delivery": (DELIVERERS, GET),
    "process": (POSTED, GET),
    "feedback-thanks": (PUBLIC, GET),
    "feedback-answer": (PUBLIC, GET),
    "feedback": (EVERYBODY, GET),
    "feedback-add": (EVERYBODY, GET),
    "complaints": (EVERYBODY, GET),
    "complaint-add": (EVERYBODY, GET),
    "complaint": (LINE, GET),
    "complaint-answer": (DOERS, POST),
    "complaint-resolve": (DOERS, POST),
    "contracts": (EVERYBODY, GET),
    "contract-add": (EVERYBODY, GET),
    "contract": (LINE, GET),
    "contract-change": (DOERS, POST),
    "contract-attach": (DOERS, POST),
    "contract-sign": (DOERS, POST),
    "contract-renew": (DOERS, POST),
    "contract-file": (LINE, GET),
    # leads, campaigns, referrals, repeat business, gifts
    "leads": (EVERYBODY, GET),
    "lead-add": (EVERYBODY, GET),
    "lead": (LINE, GET),
    "lead-change": (DOERS, POST),
    "lead-respond": (DOERS, POST),
    "lead-qualify": (DOERS, POST),
    "lead-disqualify": (DOERS, POST),
    "lead-reopen": (DOERS, POST),
    "campaigns": (EVERYBODY, GET),
    "campaign-add": ("olga admin", GET),
    "campaign": (POSTED, GET),
    "campaign-change": ("olga admin", POST),
    "referrals": (EVERYBODY, GET),
    "referral-ask": (EVERYBODY, POST),
    "referral-thank": (DOERS, POST),
    "referral-decline": (DOERS, POST),
    "referral-follow": (DOERS, POST),
    "repeat": (EVERYBODY, GET),
    "repeat-take": (DOERS, POST),
    "repeat-dismiss": (DOERS, POST),
    "gifts": (EVERYBODY, GET),
    "gift-give": (EVERYBODY, POST),
    "gift-withdraw": (DOERS, POST),
    # targets
    "quotas": (EVERYBODY, GET),
    "quotas-export": (EVERYBODY, GET),
    "quotas-table": (EVERYBODY, GET),
    "quota": (LINE, GET),
    "plan-add": ("vera olga admin", GET),
    "plan": ("maya omar vera olga admin", GET),
    "plan-outlook": ("maya vera olga admin", GET),  # nobody of Omar's is in the plan
    "plan-capacity": ("vera olga admin", GET),
    "position-open": ("vera olga admin", POST),
    "position-close": ("vera olga admin", POST),
    "budgets": ("maya omar vera olga admin", GET),
    "team-budget": ("maya vera olga admin", GET),
    "budget-set": ("vera olga admin", POST),
    "expense-add": ("maya vera olga admin", POST),
    "expense-take-back": ("maya vera olga admin", POST),
    "plan-export": ("maya omar vera olga admin", GET),
    "plan-propose": ("vera olga admin", POST),
    "plan-publish": ("vera olga admin", POST),
    "allocation": ("maya vera olga admin", GET),
    "allocation-lock": ("maya vera olga admin", POST),
    "allocation-hedge": ("", POST),  # a person's line has none
    "plan-shape": ("vera olga admin", GET),
    "plan-grid": (LEADERS, GET),
    "plan-grid-rows": ("maya vera olga admin", GET),
    "plan-grid-change": (LEADERS, POST),
    "plan-grid-lock": (LEADERS, POST),
    "plan-grid-undo": (LEADERS, POST),
    "plan-copy": ("vera olga admin", POST),
    "plan-compare": ("maya omar vera olga admin", GET),
    "plan-ask": ("vera olga admin", POST),
    "commitment": ("ana maya", GET),
    "plan-slice": ("vera olga admin", GET),
    "plan-slice-free": ("vera olga admin", POST),
    "skills": (LINE, GET),
    "skill-contest": ("ana", POST),
    "skill-add": ("vera olga admin", POST),
    # letters and approvals
    "line-history": ("maya vera olga admin", GET),
    "plan-approvals": (LEADERS, GET),
    "plan-approval": ("maya vera olga admin", POST),
    "strategy": (LEADERS, GET),
    "announcement-add": (LEADERS, GET),
    "announcement": (LINE, GET),
    "letters": (LEADERS, GET),
    "letters-pdf": ("maya vera olga admin", GET),
    "letter": (LINE, GET),
    "letter-pdf": (LINE, GET),
    "letter-respond": ("ana", POST),
    "letter-answer": ("maya vera olga admin", POST),
    # performance
    "records": (POSTED, GET),
    "figures": (POSTED, GET),
    "series": (POSTED, GET),
    "pipeline": (POSTED, GET),
    "calls": (POSTED, GET),
    "pipeline-moves": (POSTED, GET),
    "quota-changes": (EVERYBODY, GET),
    "quota-changes-confirm": (EVERYBODY, POST),
    "quota-change-confirm": (LINE, POST),
    "quota-change-refuse": (LINE, POST),
    # performance
    "measures": (POSTED, GET),
    "measure": (POSTED, GET),
    "measure-add": ("admin", GET),
    "redistributions": (EVERYBODY, GET),
    "redistribution-add": (LEADERS, GET),
    "redistribution": ("maya vera olga admin", GET),
    "redistribution-agree": ("maya vera olga admin", POST),
    "offer": (LINE, GET),
    "offer-accept": (LINE, POST),
    "offer-refuse": (LINE, POST),
    "offer-agree": (LINE, POST),
    "offer-withdraw": (LINE, POST),
    "offer-reverse": (LINE, POST),
    "flag": (LINE, GET),
    "flags": (EVERYBODY, GET),
    "flag-costs": (POSTED, GET),
    "flag-snooze": ("maya vera", POST),
    "flag-wake": ("maya vera", POST),
    "levers": (COLLEAGUES + " admin", GET),
    # scorecards, reports, what works, screens, a manager's record
    "forecast": (POSTED, GET),
    "backtest": (POSTED, GET),
    "scorecards": (POSTED, GET),
    "scorecard": (LINE, GET),
    "scorecard-weights": (IMPORTERS, GET),
    "reports": (LEADERS, GET),
    "report": ("maya vera olga admin", GET),
    "report-send": ("maya", POST),
    "report-pdf": ("maya vera olga admin", GET),
    "what-works": (COMPARERS, GET),
    "what-works-deals": (COMPARERS, GET),
    "screens": ("admin", GET),
    "screen-switch": ("admin", POST),
    "screen-address": ("admin", POST),
    "screen-revoke": ("admin", POST),
    "screen-show": (PUBLIC, GET),
    "manager-record": ("maya vera olga admin", GET),
    # coaching
    "cases": (EVERYBODY, GET),
    "case": (LINE, GET),
    "case-move": ("ana maya vera", POST),
    "case-close": ("ana maya vera", POST),
    "case-withdraw": ("ana maya vera", POST),
    "case-open-again": ("ana maya vera", POST),
    "case-open": ("maya vera", POST),
    "disputes": (EVERYBODY, GET),
    "dispute-new": (COLLEAGUES, GET),
    "dispute": (CONCERNED, GET),
    "dispute-statement": (CONCERNED, POST),
    "dispute-evidence": (CONCERNED, POST),
    "dispute-party": (CONCERNED, POST),
    "dispute-decider": (CONCERNED, POST),
    "dispute-step-aside": (CONCERNED, POST),
    "dispute-decide": (CONCERNED, POST),
    "dispute-appeal": (CONCERNED, POST),
    "dispute-withdraw": (CONCERNED, POST),
    "dispute-pdf": (CONCERNED, GET),
    "dispute-appeal-withdraw": (CONCERNED, POST),
    "settlements": (COLLEAGUES, GET),
    "one-on-ones": (EVERYBODY, GET),
    "one-on-one-plan": ("maya omar vera", GET),
    "one-on-one": (LINE, GET),
    "one-on-one-hold": (LINE, POST),
    "one-on-one-prepare": ("ana maya", POST),
    "one-on-one-cancel": (LINE, POST),
    "agenda-add": (LINE, POST),
    "agenda-tick": (LINE, POST),
    "promise": (LINE, POST),
    "note": ("ana maya vera", POST),
    "action-done": ("ana maya", POST),
    # cases: a word of a case is read by the person and who leads them; who runs the installation sees that it is there
    "case-add": ("maya omar vera", GET),
    "case-raise": (COLLEAGUES, GET),
    "case-hand-over": ("ana maya vera", POST),
    "case-rule": ("ana maya vera", POST),
    "case-reopen": ("ana maya vera", POST),
    "case-course": ("ana maya vera", POST),
    "case-ask": ("ana maya vera", POST),
    "case-ask-view": ("ana maya vera", POST),
    "case-statement": ("ana", POST),
    "causes": ("maya omar vera", GET),
    "questions": ("dora", GET),
    "question-answer": ("dora", POST),
    # skills, courses, development
    "skill-map": (EVERYBODY, GET),
    "skill-targets": (PLANNERS, GET),
    "courses": (EVERYBODY, GET),
    "course": (POSTED, GET),
    "course-add": (LEADERS, GET),
    "course-report": (LEADERS, GET),
    "course-people": (LEADERS, GET),
    "course-take": (COLLEAGUES, POST),
    "course-assign": ("maya omar vera", POST),
    "course-edit": (PLANNERS, GET),
    "course-change": (PLANNERS, POST),
    "course-draft": (PLANNERS, POST),
    "course-publish": (PLANNERS, POST),
    "course-retire": (PLANNERS, POST),
    "course-rule-add": (PLANNERS, POST),
    "course-rule-end": (PLANNERS, POST),
    "lesson": ("ana vera olga admin", GET),
    "lesson-file": ("", GET),  # it has none
    "lesson-add": (PLANNERS, POST),
    "lesson-edit": (PLANNERS, GET),
    "lesson-up": (PLANNERS, POST),
    "lesson-remove": (PLANNERS, POST),
    "lesson-question": (PLANNERS, POST),
    "question-remove": (PLANNERS, POST),
    "enrolment-move": (LINE, POST),
    "enrolment-withdraw": (LINE, POST),
    "certificate": (LINE, GET),
    "development-home": (EVERYBODY, GET),
    "development": ("ana maya vera", GET),
    "development-save": ("ana maya vera", POST),
    "development-sign": ("ana maya vera", POST),
    "development-close": ("ana maya vera", POST),
    "goal-add": ("ana maya vera", POST),
    "goal-mark": ("ana maya vera", POST),
    "goal-take": ("ana maya vera", POST),
    "growth-paths": (EVERYBODY, GET),
    "growth-step-end": (PLANNERS, POST),
    "mentor-ask": ("ana maya vera", POST),
    "mentorship-answer": ("ana ben maya vera", POST),
    "mentorship-end": ("ana ben maya vera", POST),
    "onboarding": (EVERYBODY, GET),
    "onboarding-steps": (PLANNERS, GET),
    "onboarding-step-end": (PLANNERS, POST),
    "onboarding-path": (LINE, GET),
    "onboarding-tick": ("ana maya vera", POST),
    # 1:1s and meetings
    "one-on-one-move": (LINE, POST),
    "rhythm-set": ("maya omar vera", GET),
    "rhythm-end": ("ana maya", POST),
    "pulse-say": (EVERYBODY, POST),
    "week": (EVERYBODY, GET),
    "notice-ways": (EVERYBODY, GET),
    "meetings": (EVERYBODY, GET),
    "meeting-plan": ("maya omar vera", GET),
    "meeting-ask": (EVERYBODY, POST),
    "meeting": ("ana ben maya vera", GET),
    "meeting-move": ("ana ben maya vera", POST),
    "meeting-cancel": ("ana ben maya vera", POST),
    "meeting-prepare": ("maya vera", POST),
    "meeting-open": ("ana ben maya vera", POST),
    "meeting-rhythm-end": ("ana ben maya vera", POST),
    "meeting-hold": ("ana ben maya vera", POST),
    "meeting-minutes": ("ana ben maya vera", POST),
    "meeting-decide": ("ana ben maya vera", POST),
    "meeting-promise": ("ana ben maya vera", POST),
    "meeting-point-tick": ("ana ben maya vera", POST),
    "decision-settle": ("ana ben maya vera", POST),
    "meeting-question": ("ana ben maya vera", POST),
    # recognition
    "wall": (EVERYBODY, GET),
    "leaderboard": (EVERYBODY, GET),
    "place": (EVERYBODY, GET),
    "kudos-give": (COLLEAGUES, POST),
    "award-give": (LEADERS, POST),
    "suggestion-confirm": ("maya vera olga admin", POST),
    "suggestion-dismiss": ("maya vera olga admin", POST),
    "applaud": (COLLEAGUES, POST),
    "praise-take-down": ("ana maya admin", POST),
    # exchange
    "imports": (IMPORTERS, GET),
    "import": (IMPORTERS, GET),
    "import-map": (IMPORTERS, POST),
    "import-take": (IMPORTERS, POST),
    "import-undo": (IMPORTERS, POST),
    "import-stop": (IMPORTERS, POST),
    "import-resume": (IMPORTERS, POST),
    "import-discard": (IMPORTERS, POST),
    "import-rejects": (IMPORTERS, GET),
    "export": (IMPORTERS, GET),
    "export-xlsx": (IMPORTERS, GET),
    # people's rights
    "leaves": (POSTED, GET),
    "pay": (COLLEAGUES, GET),
    "privacy": (EVERYBODY, GET),
    "privacy-showing": ("admin", POST),
    "privacy-kept": ("admin", POST),
    "looks": (COLLEAGUES, GET),
    "own-data": (COLLEAGUES, GET),
    "own-data-file": ("ana", GET),
    # ladders, early signs, exits
    "ladders": (EVERYBODY, GET),
    "ladder-open": ("maya omar vera", GET),
    "early-signs": ("maya omar vera", GET),
    "exits": ("vera hugo", GET),
    "exit-correct": ("hugo", GET),
    "ladder": ("ana maya vera", GET),
    "ladder-pdf": ("ana maya vera", GET),
    **dict.fromkeys(LADDER_ACTS, ("ana maya vera", POST)),
    # help and its effect, plays
    "effects": (POSTED, GET),
    "effect-add": ("maya omar vera", GET),
    "effects-of": (LINE, GET),
    "effect": ("ana maya vera", GET),
    "effect-move": ("ana maya vera", POST),
    "effect-cancel": ("ana maya vera", POST),
    "plays": (COMPARERS, GET),
    "play-add": ("ana ben cleo maya omar vera olga", GET),
    "play": (COMPARERS, GET),
    "play-change": (COMPARERS, POST),
    "play-comment": (COMPARERS, POST),
    "play-vote": (COMPARERS, POST),
    "play-adopt": (COMPARERS, POST),
    "play-retire": (COMPARERS, POST),
    "deal-plays": (LINE, GET),
    "activity-plays": (LINE, GET),
    "play-use-remove": (LINE, POST),
}


@dataclass
class World:
    cast: Cast
    kwargs: dict[str, dict[str, Any]]


def others(cast: Cast) -> None:
    """Who is neither a seller nor above one."""
    since = half_open(date(2024, 1, 1))
    delivery = Team.objects.create(name="Delivery", parent=cast.company, department=Team.Department.DELIVERY)
    for name, role, team in (("dora", Role.DEPARTMENT, delivery), ("hugo", Role.HR, cast.company)):
        person = Person.objects.create(name=name.title(), user=User.objects.create(username=name))
        Posting.objects.create(person=person, team=team, role=role, during=since)
    User.objects.create(username="nina")
    left = Person.objects.create(name="Lena", user=User.objects.create(username="lena"))
    Posting.objects.create(person=left, team=cast.north, during=half_open(date(2024, 1, 1), date(2025, 1, 1)))
    teams.end_employment(person=left, on=date(2025, 1, 1), by=None)


@pytest.fixture(scope="module")
def made(standing: None) -> World:
    return make_world()


@pytest.fixture
def world(made: World, db: None) -> World:
    """A copy for each test: what a login's access is, is worked out once per user object."""
    return deepcopy(made)


def make_world() -> World:
    cast = make_cast()
    others(cast)
    now = clock.now()
    maya = User.objects.get(username="maya")
    account = Account.objects.create(name="Brandt Optik", owner=cast.ana)
    flag = Flag.objects.create(
        person=cast.ana, team=cast.north, measure="bookings", period="2026-Q4", raised_on=now.date(),
        behind_since=now.date(), expected=100, actual=60, gap=40, severity="behind", cause="activity",
        sentence="Fewer meetings.", as_of=now.date(), expires_on=now.date() + timedelta(days=21),
    )  # fmt: skip
    case = coaching.open_case(flag=flag, owner=cast.maya, due_on=now.date() + timedelta(days=9), by=maya, at=now)
    to_delivery = coaching.ask_department(
        case=case, step="delivery", department="delivery", text="Late?", by=maya, at=now,
        due_on=now.date() + timedelta(days=5),
    )  # fmt: skip
    talk = coaching.plan_one_on_one(
        person=cast.ana, manager=cast.maya, starts_at=now + timedelta(days=2), by=maya, at=now, on=now.date()
    )
    item = coaching.add_action_item(
        person=cast.ana, owner=cast.ana, text="Call ten", due_on=now.date() + timedelta(days=3), by=maya, at=now
    )
    today = now.date()
    deal = sales.open_deal(
        owner=cast.ana, name="Probes", by=cast.ana.user, at=now, account=account, amount=Decimal("1200")
    )
    product = sales.add_line(
        deal=deal, by=cast.ana.user, at=now, on=today, text="Probe", quantity=Decimal(12), list_price=Decimal(100)
    )
    assert cast.ana.user
    approval = DiscountApproval.objects.create(
        deal=deal, percent=5, reason="Loyal", asked_at=now, asked_by=cast.ana.user
    )
    bulk = sales.change_deals(deal_ids=[deal.pk], act="tag", tag="fair", by=cast.ana.user, at=now, on=today)
    view = SavedView.objects.create(user=cast.ana.user, page="deals", name="Mine")
    sales.win_deal(deal=deal, by=cast.ana.user, at=now, on=today)
    order = Order.objects.get(deal=deal)
    activity = sales.log_activity(owner=cast.ana, kind="call", at=now, by=cast.ana.user, account=account)
    withdrawn = sales.log_activity(owner=cast.ana, kind="call", at=now, by=cast.ana.user)
    sales.withdraw_activity(activity=withdrawn, by=cast.ana.user, at=now)
    task = Task.objects.create(owner=cast.ana, text="Call back", due_on=today, source="manual")
    mail = InboundMail.objects.create(
        message_id="1@example.com", owner=cast.ana, received_at=now, problem="Nobody is known."
    )
    template = sales.add_template(name="Call", kind="call", by=cast.ana.user, owner=cast.ana)
    entry = sales.add_time_entry(owner=cast.ana, on=today, kind="travel", minutes=60, by=cast.ana.user)
    heard = {"owner": cast.ana, "by": cast.ana.user, "at": now, "account": account}
    note = sales.add_market_note(text="They buy elsewhere. #price", **heard)
    gone = sales.add_market_note(text="Or not.", **heard)
    sales.withdraw_market_note(note=gone, by=cast.ana.user, at=now)
    teams.make_api_token(user=cast.ana.user, name="Script", at=now)
    token = Token.objects.get(user=cast.ana.user)
    plan = Plan.objects.create(
        name="Q1",
        period="2027-Q1",
        amount=Decimal(1000),
        made_at=now,
        during=half_open(date(2027, 1, 1), date(2027, 4, 1)),
        asks_commitments=True,
    )
    line = Allocation.objects.create(plan=plan, team=cast.north, person=cast.ana, proposed=500, amount=500)
    expense = Expense.objects.create(
        team=cast.north, cost="travel", spent_on=now.date(), amount=1, currency="EUR", reporting_amount=1,
        recorded_at=now, reason="Taxi",
    )  # fmt: skip
    part = Slice.objects.create(plan=plan, cut="family", family="Meters", past=1, proposed=1000, amount=1000)
    position = Position.objects.create(team=cast.north, opens_on=today, reason="Growth", opened_at=now)
    rating = SkillRating.objects.create(
        person=cast.ana, skill=Skill.objects.get(name="Closing"), is_own=False, score=3, at=now
    )
    Allocation.objects.create(plan=plan, team=cast.north, proposed=500, amount=500)
    published = Plan.objects.create(
        name="Q2", period="2027-Q2", amount=Decimal(500), made_at=now, published_at=now,
        during=half_open(date(2027, 4, 1), date(2027, 7, 1)),
    )  # fmt: skip
    Allocation.objects.create(plan=published, team=cast.north, person=cast.ana, proposed=500, amount=500)
    told = targets.announce(plan=published, headline="Prices rise.", economy="Steel", person=cast.ana, by=maya, at=now)
    targets.respond(plan=published, person=cast.ana, stance="objects", statement="No", by=cast.ana.user, at=now)
    quarter = half_open(date(2027, 1, 1), date(2027, 4, 1))
    change = QuotaProposal.objects.create(
        seat=cast.ana, team=cast.north, during=quarter, facts="x", needs_yes=False, made_at=now, counts_on=today
    )
    shared = Redistribution.objects.create(
        giver=cast.ben, team=cast.north, during=quarter, to=quarter, quota=100, landing=50, amount=50, reason="Ill",
        opened_at=now, needs_agreement=False,
    )  # fmt: skip
    asked = Candidate.objects.create(
        redistribution=shared, person=cast.ana, team=cast.north, quota=100, landing=200, room=10, cap=10
    )
    offer = Offer.objects.create(candidate=asked, turn=1, amount=10, needs_agreement=False, made_at=now)
    suggestion = Suggestion.objects.create(
        person=cast.ana, kind="streak", key="2026-11", sentence="Four weeks in a row.", made_on=today
    )
    kudos = Kudos.objects.create(giver=cast.maya, receiver=cast.ana, text="Thank you", at=now)
    batch = Batch.objects.create(
        kind="deals",
        file_name="deals.csv",
        file=ContentFile(b"external_id,owner\nD-1,Ana\n", name="deals.csv"),
        digest="0" * 64,
        by=cast.olga.user,
        at=now,
    )
    BatchRow.objects.create(
        batch=batch, line=2, act="refused", column="owner", value="Nobody", reason="Unknown.", raw={"owner": "Nobody"}
    )
    Batch.objects.filter(pk=batch.pk).update(refused=1, state=Batch.State.DONE)
    contact = sales.add_contact(name="Eva Brandt", account=account, by=None)
    no_contact = sales.add_contact(name="Gone", account=account, by=None)
    sales.withdraw_contact(contact=no_contact, by=None, at=now)
    no_account = Account.objects.create(name="Gone", owner=cast.ana, withdrawn_at=now)
    role = sales.add_role(contact=contact, account=Account.objects.create(name="Stiftung", owner=cast.ana), by=None)
    twice = Account.objects.create(name="Brandt", owner=cast.ana)
    merged = sales.merge(kept=account, given_up=twice, by=None, at=now)
    pair = LookAlike.objects.create(noun="account", one_id=1, other_id=2, likeness=1, why="name")
    going = sales.propose_handover(
        giver=cast.ana,
        taker=cast.cleo,
        on=today,
        reason="Coast",
        accounts=[account],
        deals=[],
        by=cast.ana.user,
        at=now,
    )
    problem = sales.record_problem(order=order, kind="damaged", found_on=today, on=today, by=None, at=now)
    complaint = sales.receive_complaint(account=account, text="Wet", received_on=today, on=today, by=None, at=now)
    contract = sales.add_contract(account=account, starts_on=today, by=None)
    sales.attach_file(contract=contract, file=ContentFile(b"%PDF-1.7", name="contract.pdf"), by=None)
    secret = sales.ask_feedback(account=None, order=order, by=None, at=now)
    lead = leads.add_lead(name="Marta Ruiz", owner=cast.ana, by=None, at=now)
    campaign = Campaign.objects.create(name="Fair")
    marta = Contact.objects.create(name="Marta Ruiz", account=account)
    referral = Referral.objects.create(account=account, owner=cast.ana, asked_on=today)
    suggested = Recommendation.objects.create(
        account=account, owner=cast.ana, kind="reorder", sentence="Overdue", made_on=today
    )
    gift = Gift.objects.create(
        contact=marta, account=account, owner=cast.ana, occasion="Birthday", amount=5, currency="EUR", given_on=today
    )
    report = Report.objects.create(team=cast.north, period="2026-10", made_at=now, due_on=today)
    screen, screen_secret = recognition.add_screen(
        name="Hall", team=cast.north, boards=["attainment"], seconds=20, by=cast.admin, at=now
    )
    screen = recognition.switch_screen(screen=screen, is_on=True, version=1, by=cast.admin)
    kwargs: dict[str, dict[str, Any]] = {
        "problem": {"pk": order.pk, "problem_pk": problem.pk},
        "delivery": {"pk": order.pk},
        "complaint": {"pk": complaint.pk},
        "contract": {"pk": contract.pk},
        "feedback-answer": {"secret": secret},
        "lead": {"pk": lead.pk},
        "campaign": {"pk": campaign.pk},
        "referral": {"pk": referral.pk},
        "repeat": {"pk": suggested.pk},
        "gift": {"pk": gift.pk},
        "account": {"pk": account.pk},
        "account-timeline": {"pk": account.pk},
        "account-restore": {"pk": no_account.pk},
        "contact-add": {"pk": account.pk},
        "contact": {"pk": contact.pk},
        "contact-timeline": {"pk": contact.pk},
        "contact-restore": {"pk": no_contact.pk},
        "role-add": {"pk": contact.pk},
        "role-remove": {"pk": contact.pk, "role_pk": role.pk},
        "merge-undo": {"pk": merged.pk},
        "duplicate-apart": {"pk": pair.pk},
        "handover": {"pk": going.pk},
        "activity": {"pk": activity.pk},
        "activity-restore": {"pk": withdrawn.pk},
        "deal": {"pk": deal.pk},
        "deal-line": {"pk": deal.pk, "line_pk": product.pk},
        "deal-line-add": {"pk": deal.pk},
        "deal-line-remove": {"pk": deal.pk, "line_pk": product.pk},
        "discount-decide": {"pk": approval.pk},
        "bulk-undo": {"pk": bulk.pk},
        "view-delete": {"pk": view.pk},
        "order": {"pk": order.pk},
        "order-share": {"pk": order.pk},
        "tasks": {},
        "task": {"pk": task.pk},
        "calendar-feed": {"secret": "nobody-has-this"},
        "address-make": {"purpose": "calendar"},
        "address-revoke": {"purpose": "calendar"},
        "mail-assign": {"pk": mail.pk},
        "mail-discard": {"pk": mail.pk},
        "activity-template": {"pk": template.pk},
        "time-withdraw": {"pk": entry.pk},
        "market-note": {"pk": note.pk},
        "market-note-restore": {"pk": gone.pk},
        "token-revoke": {"pk": token.pk},
        "invitation": {"secret": "nobody-has-this"},
        "period": {"key": "2026-Q3"},
        "season": {"key": "2026-Q3"},
        "ramp": {"pk": RampProfile.objects.create(name="Newcomer").pk},
        "quota": {"person_pk": cast.ana.pk},
        "quota-change": {"pk": change.pk},
        "measure": {"key": "margin"},
        "redistribution": {"pk": shared.pk},
        "redistribution-add": {},
        "offer": {"pk": offer.pk},
        "plan": {"pk": plan.pk},
        "team-budget": {"team_pk": cast.north.pk},
        "budget-set": {"team_pk": cast.north.pk},
        "expense-add": {"team_pk": cast.north.pk},
        "expense-take-back": {"pk": expense.pk},
        "allocation": {"pk": plan.pk, "line_pk": line.pk},
        "commitment": {"pk": plan.pk},
        "plan-slice": {"pk": plan.pk, "slice_pk": part.pk},
        "position-open": {"pk": plan.pk},
        "position-close": {"pk": plan.pk, "position_pk": position.pk},
        "skills": {"pk": cast.ana.pk},
        "skill-contest": {"pk": cast.ana.pk, "rating_pk": rating.pk},
        "skill-add": {},
        "line-history": {"pk": plan.pk, "line_pk": line.pk},
        "plan-approval": {"pk": plan.pk, "team_pk": cast.north.pk},
        "plan-approvals": {"pk": plan.pk},
        "plan-grid-rows": {"pk": plan.pk, "team_pk": cast.north.pk},
        **{name: {"pk": plan.pk} for name in ("plan-grid", "plan-grid-change", "plan-grid-lock", "plan-grid-undo")},
        "strategy": {"pk": plan.pk},
        "announcement-add": {"pk": published.pk},
        "announcement": {"pk": told.pk},
        "letters": {"pk": published.pk},
        "letter": {"pk": published.pk, "person_pk": cast.ana.pk},
        "suggestion": {"pk": suggestion.pk},
        "applaud": {"kind": "kudos", "pk": kudos.pk},
        "praise-take-down": {"kind": "kudos", "pk": kudos.pk},
        "import": {"pk": batch.pk},
        "export": {"kind": "deals"},
        "export-xlsx": {"kind": "deals"},
        "case": {"pk": case.pk},
        "case-open": {"flag_pk": flag.pk},
        "flag": {"pk": flag.pk},
        "flag-snooze": {"pk": flag.pk},
        "flag-wake": {"pk": flag.pk},
        "one-on-one": {"pk": talk.pk},
        "agenda-add": {"pk": talk.pk},
        "agenda-tick": {"pk": talk.pk, "item_pk": talk.agenda.earliest("pk").pk},
        "promise": {"place": "one-on-ones", "pk": talk.pk},
        "note": {"place": "cases", "pk": case.pk},
        "action-done": {"pk": item.pk},
        "question-answer": {"pk": to_delivery.pk},
        "password_reset_confirm": {"uidb64": "MQ", "token": "x-y"},
        "team": {"pk": cast.north.pk},
        "person": {"pk": cast.ana.pk},
        "scorecard": {"pk": cast.ana.pk},
        "scorecard-weights": {"role": "rep"},
        "report": {"pk": report.pk},
        "what-works-deals": {},
        "screen": {"pk": screen.pk},
        "screen-show": {"secret": screen_secret},
        "manager-record": {"pk": cast.maya.pk},
        "unsubscribe": {"signed": SIGNER.sign(str(cast.ana.user_id))},
        "erasure": {"noun": "contact", "pk": contact.pk},
        "privacy-showing": {"what": "ranks"},
        "privacy-kept": {"key": "looks"},
    }
    packed(cast, now)
    kwargs |= training(cast, today, now)
    kwargs |= ladders(cast, today, now)
    kwargs |= disputes(cast, now)
    kwargs |= meetings(cast, today, now)
    helped = coaching.plan_coaching(
        person=cast.ana, kind="course", measure="bookings", starts_on=today, until=today + timedelta(days=30),
        by=maya, at=now, on=today,
    )  # fmt: skip
    play = coaching.propose_play(by=cast.ana.user, at=now, name="Ask who signs", technique="Ask it first.")
    use = coaching.use_play(play=play, activity=activity, by=cast.ana.user, at=now, on=today)
    kwargs |= {
        "effect": {"pk": helped.pk},
        "effect-add": {},
        "effects-of": {"place": "people", "pk": cast.ana.pk},
        "play": {"pk": play.pk},
        "play-add": {},
        "deal-plays": {"pk": deal.pk},
        "activity-plays": {"pk": activity.pk},
        "play-use-remove": {"pk": use.pk},
    }
    return World(cast, kwargs)


def training(cast: Cast, today: date, now: datetime) -> dict[str, dict[str, Any]]:
    vera, maya = cast.vera.user, cast.maya.user
    course = coaching.add_course(title="Objections", by=vera, at=now)
    coaching.add_lesson(course=course, title="Listen", text="First.", by=vera)
    coaching.publish_course(course=course, by=vera, at=now)
    lesson = Lesson.objects.get()
    taken = coaching.enrol(
        person=cast.ana, course=course, due_on=today + timedelta(days=9), reason="Calls", by=maya, at=now
    )
    coaching.finish_lesson(enrolment=taken, lesson=lesson, by=cast.ana.user, at=now)
    draft = coaching.draft_course(course=course, by=vera, at=now)
    quiz = coaching.add_lesson(course=course, title="Check", kind="quiz", by=vera)
    question = coaching.add_question(lesson=quiz, text="Why?", choices=[("a", True), ("b", False)], by=vera)
    rule = coaching.add_rule(course=course, kind="role", role="rep", starts_on=today, by=vera, at=now)
    growth = coaching.save_development_plan(
        person=cast.ana, aim="Key accounts", review_on=today + timedelta(days=90), by=cast.ana.user, at=now, on=today
    )
    goal = coaching.add_goal(
        plan=growth, text="Win one", due_on=today + timedelta(days=90), by=cast.ana.user, at=now, on=today
    )
    mentored = coaching.ask_mentor(
        person=cast.ana, mentor=cast.ben, focus="Key accounts", starts_on=today, by=cast.ana.user, at=now
    )
    step = OnboardingStep.objects.earliest("pk")
    ahead = coaching.add_growth_step(role="manager", months=6, text="Lead a meeting", by=vera)
    in_draft = {"pk": course.pk, "lesson_pk": draft.lessons.get(position=1).pk}
    return {
        "course": {"pk": course.pk},
        "course-add": {},
        "course-report": {},
        "course-rule-end": {"pk": course.pk, "rule_pk": rule.pk},
        "lesson": {"pk": course.pk, "lesson_pk": lesson.pk},
        "lesson-add": {"pk": course.pk},
        **dict.fromkeys(("lesson-edit", "lesson-up", "lesson-remove", "lesson-question"), in_draft),
        "question-remove": {"pk": course.pk, "lesson_pk": quiz.pk, "question_pk": question.pk},
        "enrolment": {"pk": taken.pk},
        "certificate": {"pk": taken.pk},
        "development-home": {},
        "development": {"pk": cast.ana.pk},
        "goal-add": {"pk": cast.ana.pk},
        "goal-mark": {"pk": cast.ana.pk, "goal_pk": goal.pk},
        "goal-take": {"pk": cast.ana.pk, "step_pk": ahead.pk},
        "growth-paths": {},
        "growth-step-end": {"pk": ahead.pk},
        "mentor-ask": {"pk": cast.ana.pk},
        "mentorship": {"pk": mentored.pk},
        "onboarding": {},
        "onboarding-steps": {},
        "onboarding-step-end": {"pk": step.pk},
        "onboarding-path": {"pk": cast.ana.pk},
        "onboarding-tick": {"pk": cast.ana.pk, "step_pk": step.pk},
    }


def disputes(cast: Cast, now: datetime) -> dict[str, dict[str, Any]]:
    dispute = coaching.open_dispute(
        subject="conduct", ground="treatment", claim="He shouted.", others=[cast.ben], by=cast.ana.user, at=now
    )
    hugo = User.objects.get(username="hugo")
    coaching.name_decider(dispute=dispute, person=cast.omar, by=hugo, at=now)
    return {
        "dispute": {"pk": dispute.pk},
        "dispute-new": {},
    }


def meetings(cast: Cast, today: date, now: datetime) -> dict[str, dict[str, Any]]:
    maya = cast.maya.user
    soon = {"at": now, "on": today, "by": maya}
    rhythm = coaching.set_rhythm(
        person=cast.ana, manager=cast.maya, every_weeks=2, weekday=1, at_time=time(10), zone="UTC",
        starts_on=today + timedelta(days=9), **soon,
    )  # fmt: skip
    met = coaching.plan_meeting(team=cast.north, title="Weekly", starts_at=now + timedelta(days=1), **soon)
    decision = coaching.decide_in_meeting(meeting=met, text="Demos on site", by=maya, at=now)
    coaching.promise_in_meeting(meeting=met, owner=cast.ana, text="Book the van", due_on=today, **soon)
    coming = coaching.plan_meeting(team=cast.north, title="Weekly", starts_at=now + timedelta(days=8), **soon)
    weekly = coaching.set_meeting_rhythm(
        team=cast.north, title="Weekly", every_weeks=2, weekday=3, at_time=time(10), zone="UTC",
        starts_on=today + timedelta(days=9), **soon,
    )  # fmt: skip
    put = coaching.ask_meeting(team=cast.north, text="Who covers?", by=User.objects.get(username="ben"), at=now)
    point = coming.points.earliest("pk")
    return {
        "rhythm-end": {"pk": rhythm.pk},
        "meeting-rhythm-end": {"pk": weekly.pk},
        "meeting": {"pk": coming.pk},
        "meeting-point-tick": {"pk": coming.pk, "point_pk": point.pk},
        "decision-settle": {"pk": coming.pk, "decision_pk": decision.pk},
        "meeting-question": {"pk": coming.pk, "question_pk": put.pk},
    }


def packed(cast: Cast, now: datetime) -> None:
    DataCopy.objects.create(person=cast.ana, asked_at=now, made_at=now, file=ContentFile(b"PK", name="a.zip"))


def ladders(cast: Cast, today: date, now: datetime) -> dict[str, dict[str, Any]]:
    maya = cast.maya.user
    ladder = coaching.open_ladder(
        person=cast.ana, reason="Few meetings", starts_on=today, last=today + timedelta(days=30), by=maya, at=now,
        on=today,
    )  # fmt: skip
    rung = ladder.steps.get()
    aimed = coaching.set_goal(step=rung, measure="deals_won", aim=Decimal(3), by=maya, at=now, on=today)
    promised = coaching.promise_support(
        step=rung, owner=cast.maya, text="Ride along", due_on=today, by=maya, at=now, on=today
    )
    left = Person.objects.create(name="Lou", left_on=today)
    gone = coaching.record_exit(
        person=left, left_on=today, reason="growth", by=User.objects.get(username="hugo"), at=now
    )
    return {
        "exit-correct": {"pk": gone.pk},
        "ladder": {"pk": ladder.pk},
        "ladder-open": {},
        "ladder-goal-remove": {"pk": ladder.pk, "goal_pk": aimed.pk},
        "ladder-support-say": {"pk": ladder.pk, "support_pk": promised.pk, "what": "given"},
    }


def named(patterns: Any) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield pattern.name
        elif getattr(pattern, "namespace", None) is None:
            yield from named(pattern.url_patterns)


def test_every_address_stands_in_the_table() -> None:
    """The API has a table of its own in tests/api."""
    pages = {name for name in named(get_resolver().url_patterns) if not name.startswith("api-")}
    assert pages == set(TABLE)


def address(world: World, name: str) -> str:
    """The address of ana's record of that kind: by its own name, or by the noun it begins with."""
    for key in (name, name.rpartition("-")[0], name.split("-")[0]):
        try:
            return reverse(name, kwargs=world.kwargs.get(key, {}))
        except NoReverseMatch:
            continue
    raise AssertionError(f"Give {name} its arguments in `world`.")


@pytest.mark.parametrize("identity", IDENTITIES)
def test_who_may_see_what(world: World, identity: str) -> None:
    client = Client(raise_request_exception=False)
    user = None if identity == "anonymous" else User.objects.get(username=identity)
    wrong = []
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = {name: cookie.value for name, cookie in client.cookies.items()}
    for name, (who, method) in TABLE.items():
        path = address(world, name)
        client.cookies = SimpleCookie(session)  # also after a logout, which the savepoint takes back
        sid = transaction.savepoint()
        answer = client.get(path) if method == GET else client.post(path)
        if answer.streaming:  # read to its end, a file is closed
            b"".join(answer.streaming_content)
        transaction.savepoint_rollback(sid)
        was = f"{method} {path} ({name}) answered {answer.status_code}"
        if identity in who.split():
            if answer.status_code >= 500 or answer.status_code in {401, 403, 404, 405}:
                wrong.append(was)
        elif user is None:
            if (
                not (answer.status_code == 302 and answer["Location"].startswith("/login/"))
                and answer.status_code != 404
            ):
                wrong.append(was)
        elif answer.status_code != 404:
            wrong.append(was)
    assert not wrong, "\n".join(wrong)


# About a team or one's own work, or a part of a page that is noted itself.
LEADS_ELSEWHERE = {
    "announcement", "offer", "task", "commitment", "meeting", "deal-plays", "activity-plays", "effects-of",
}  # fmt: skip


def test_whoever_opens_a_page_about_somebody_is_noted_for_them(world: World) -> None:
    """Of every page that only a person, their line and who sees all may open, customers' records aside."""
    missing = []
    asked = {name for name, (who, method) in TABLE.items() if method == GET and set(who.split()) <= set(POSTED.split())}
    for name in sorted(asked - LEADS_ELSEWHERE):
        path = address(world, name)
        view = resolve(path).func
        about = {"ana", "maya"} <= set(TABLE[name][0].split()) and "cleo" not in TABLE[name][0].split()
        if not about or view.__module__.startswith("sales."):
            continue
        client = Client()
        client.force_login(User.objects.get(username="maya"), backend="django.contrib.auth.backends.ModelBackend")
        Look.objects.all().delete()
        client.get(path)
        if not Look.objects.filter(person=world.cast.ana, viewer__username="maya").exists():
            missing.append(name)
    assert missing == []


# ── Access follows the postings of the day: what was lost is gone on the next request ───────────────────────────


class Session:
    """Somebody who logged in before the change, in a browser and by a script."""

    def __init__(self, person: Person) -> None:
        assert person.user
        self.browser = Client()
        self.browser.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
        self.bearer = f"Bearer {teams.make_api_token(user=person.user, name='Script', at=clock.now())}"

    def reads(self, world: World) -> set[int]:
        """How ana's account, deal, order and page are answered."""
        pages = [address(world, name) for name in ("account", "deal", "order", "person")]
        return {self.browser.get(path).status_code for path in pages}

    def writes(self, world: World) -> set[int]:
        sid = transaction.savepoint()
        answers = {
            self.browser.post(address(world, name), {"version": 1}).status_code
            for name in ("deal-change", "account-change", "task-done", "market-note-withdraw")
        }
        transaction.savepoint_rollback(sid)
        return answers

    def lists(self, world: World) -> bool:
        """Does ana's account stand in the list, in the search or in the API's list?"""
        script = Client()
        answer = script.get("/api/v1/accounts/", headers={"Authorization": self.bearer})
        found = [self.browser.get("/accounts/"), self.browser.get("/search/?q=Brandt"), answer]
        return any("Brandt Optik" in one.content.decode() for one in found)


def sees(session: Session, world: World) -> None:
    assert session.reads(world) == {200}
    assert not session.writes(world) & {403, 404}
    assert session.lists(world)


def sees_nothing(session: Session, world: World) -> None:
    assert session.reads(world) == {404}
    assert session.writes(world) == {404}
    assert not session.lists(world)


def test_after_a_transfer_the_former_manager_is_out_and_the_new_one_in(world: World) -> None:
    cast, today = world.cast, clock.today("Europe/Berlin")
    maya, omar = Session(cast.maya), Session(cast.omar)
    sees(maya, world)
    sees_nothing(omar, world)
    teams.post_person(person=cast.ana, team=cast.south, on=today, by=cast.olga.user)
    sees_nothing(maya, world)
    sees(omar, world)


def test_after_a_promotion_the_seat_is_the_new_managers_alone(world: World) -> None:
    cast, today = world.cast, clock.today("Europe/Berlin")
    maya, ben = Session(cast.maya), Session(cast.ben)
    sees_nothing(ben, world)
    teams.appoint_manager(team=cast.north, person=cast.ben, on=today, by=cast.olga.user)
    sees(ben, world)
    sees_nothing(maya, world)
    teams.appoint_manager(team=cast.north, person=None, on=today, by=cast.olga.user)
    sees_nothing(ben, world)


def test_a_role_that_sees_all_ends_with_its_posting(world: World) -> None:
    cast, today = world.cast, clock.today("Europe/Berlin")
    olga = Session(cast.olga)
    assert olga.browser.get("/imports/").status_code == 200
    sees(olga, world)
    teams.post_person(person=cast.olga, team=cast.south, role=Role.REP, on=today, by=cast.vera.user)
    assert olga.browser.get("/imports/").status_code == 404
    sees_nothing(olga, world)


def test_somebody_who_left_sees_nothing_more(world: World) -> None:
    cast, today = world.cast, clock.today("Europe/Berlin")
    maya, ana = Session(cast.maya), Session(cast.ana)
    teams.end_employment(person=cast.ana, on=today, by=cast.olga.user)
    teams.end_employment(person=cast.maya, on=today, by=cast.olga.user)
    sees_nothing(maya, world)
    sees_nothing(ana, world)


def test_a_deactivated_login_is_sent_to_the_login(world: World) -> None:
    maya = Session(world.cast.maya)
    sees(maya, world)
    User.objects.filter(username="maya").update(is_active=False)
    assert maya.reads(world) == {302}
    assert maya.writes(world) == {302}
    assert not maya.lists(world)
    assert Client().get("/api/v1/accounts/", headers={"Authorization": maya.bearer}).status_code == 401
