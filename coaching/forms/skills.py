"""What a role asks of each skill."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from teams.models import Skill

LEVELS = [("", "–"), *((str(level), str(level)) for level in range(1, 6))]


class TargetsForm(forms.Form):
    """One choice for each skill."""

    def __init__(self, *args: Any, skills: Sequence[Skill], levels: Mapping[int, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for skill in skills:
            self.fields[f"skill_{skill.pk}"] = forms.ChoiceField(
                choices=LEVELS,
                required=False,
                label=skill.name,
                help_text=skill.description,
                initial=str(levels.get(skill.pk, "")),
            )

    @property
    def levels(self) -> dict[int, int | None]:
        return {
            int(name.removeprefix("skill_")): int(level) if level else None for name, level in self.cleaned_data.items()
        }
