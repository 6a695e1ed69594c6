"""When a lead was first answered: whatever was done with it or with its contact."""

from sales.models import Activity, Lead, LeadChange
from teams.models import User


def note_response(*, activity: Activity, by: User | None) -> int:
    """Leads that wait for a first answer have it by this activity; what nobody hears is none."""
    if activity.kind == Activity.Kind.TASK or (activity.lead_id is None and activity.contact_id is None):
        return 0
    waits = Lead.objects.present().filter(first_response_at=None, received_at__lte=activity.occurred_at)
    tied = waits.filter(pk=activity.lead_id) if activity.lead_id else waits.filter(contact=activity.contact_id)
    leads = list(tied.select_for_update(of=("self",)))
    for lead in leads:
        lead.first_response_at = activity.occurred_at
        lead.version += 1
        lead.save(update_fields=["first_response_at", "version"])
        LeadChange.objects.create(
            lead=lead,
            changed_at=activity.occurred_at,
            by=by,
            field="first_response_at",
            value=activity.occurred_at.isoformat(),
            reason=activity.get_kind_display(),
        )
    return len(leads)
