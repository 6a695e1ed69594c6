"""The skill map: people by skills, and what each role asks."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from coaching import forms, selectors, services
from salesmgmt.desk.edges import csv_answer, tell_form
from salesmgmt.lib import clock, keyset
from salesmgmt.lib.refusals import Refused
from teams.edges import SignedIn
from teams.models import Role, Team, access_of
from teams.selectors import organisation_of

from .shared import number_of

SIZE = 25
HEADER = ("person", "role", "skill", "own", "manager", "contested", "wanted", "gap")


@require_GET
def skill_map(request: SignedIn) -> HttpResponseBase:
    """Everybody one sees: own and manager's rating side by side, beside what the role asks."""
    user, access = request.user, access_of(request.user)
    on = clock.today(organisation_of(user).time_zone)
    skills = list(selectors.active_skills())
    role = request.GET.get("role", "")
    role = role if role in Role.values else ""
    skill = next((one for one in skills if one.pk == number_of(request, "skill")), None)
    teams = list(Team.objects.visible_to(user).order_by("path")) if access.leads or access.sees_all else []
    team = next((one for one in teams if one.pk == number_of(request, "team")), None)
    people = selectors.mapped_people(user, on=on, role=role, team=team.pk if team else None)
    gaps = selectors.gaps_seen_by(user, on=on)
    if skill is not None:
        people = people.filter(pk__in={gap.person_id for gap in gaps if gap.skill_id == skill.pk})
    if request.GET.get("export") == "csv":
        rows = selectors.skill_map(list(people.order_by("name", "pk")), skills=skills, on=on)
        return csv_answer(request, "skill-map", HEADER, (
            (row.person.external_id or row.person.name, row.role, cell.skill.name, cell.own, cell.manager,
             "yes" if cell.is_contested else "", cell.wanted,
             cell.wanted - cell.manager if cell.is_gap and cell.wanted and cell.manager else "")
            for row in rows for cell in row.cells
        ))  # fmt: skip
    page = keyset.page(people, by="name", cursor=request.GET.get("cursor", ""), size=SIZE)
    by_skill: dict[int, int] = {}
    for gap in gaps:
        by_skill[gap.skill_id] = by_skill.get(gap.skill_id, 0) + 1
    worst = max(skills, key=lambda one: by_skill.get(one.pk, 0), default=None)
    context = {
        "page": page,
        "skills": [(one, by_skill.get(one.pk, 0)) for one in skills],
        "rows": selectors.skill_map(page.rows, skills=skills, on=on),
        "courses": selectors.courses_teaching([one.pk for one in skills]),
        "people_short": len({gap.person_id for gap in gaps}),
        "gap_count": len(gaps),
        "worst": worst if worst and by_skill.get(worst.pk) else None,
        "roles": Role.choices,
        "role": role,
        "skill": skill,
        "teams": teams,
        "team": team,
        "me": access.person_id,
        "may_set": access.sees_all,
    }
    return render(request, "coaching/skill_map.html", context)


@require_http_methods(["GET", "POST"])
def skill_targets(request: SignedIn) -> HttpResponse:
    """What a role asks of each skill."""
    if not access_of(request.user).sees_all:
        raise Http404
    role = request.GET.get("role", Role.REP.value)
    role = role if role in Role.values else Role.REP.value
    skills = list(selectors.active_skills())
    form = forms.TargetsForm(request.POST or None, skills=skills, levels=selectors.targets_of(role))
    if request.method == "POST" and form.is_valid():
        try:
            services.set_skill_targets(role=role, levels=form.levels, by=request.user)
        except Refused as refusal:
            tell_form(form, refusal)
        else:
            messages.success(request, "Saved.")
            return redirect(f"{request.path}?role={role}")
    context = {"form": form, "role": role, "role_label": Role(role).label, "roles": Role.choices, "skills": skills}
    return render(request, "coaching/skill_targets.html", context, status=422 if form.errors else 200)
