"""Acts of import: files taken in and undone, one transaction each."""

from .batches import (
    AT_ONCE,
    discard_batch,
    map_batch,
    preview_batch,
    receive_file,
    rejects_of,
    resume_batch,
    stop_batch,
    take_batch,
    work_off,
)
from .rejected import rejects
from .taking import Answer, Options, first_refusals, import_file
from .undoing import begin_undo, undo_batch

__all__ = [
    "AT_ONCE",
    "Answer",
    "Options",
    "begin_undo",
    "discard_batch",
    "first_refusals",
    "import_file",
    "map_batch",
    "preview_batch",
    "receive_file",
    "rejects",
    "rejects_of",
    "resume_batch",
    "stop_batch",
    "take_batch",
    "undo_batch",
    "work_off",
]
