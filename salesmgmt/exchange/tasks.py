"""The worker's part: large files are previewed and taken there."""

from salesmgmt.desk.drains import drains
from salesmgmt.lib import clock

from .services import work_off
from .services.batches import TOPIC


@drains(TOPIC)
def import_next() -> int:
    """The next file that waits."""
    return work_off(at=clock.now())
