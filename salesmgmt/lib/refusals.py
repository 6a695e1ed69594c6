"""What a service raises when a rule says no: one sentence fit for the person, and the field it is about."""


class Refused(Exception):
    """A rule refuses the act. `str(error)` is the sentence; edges answer 409 (API) or show it beside `field`."""

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class Stale(Refused):
    """Somebody else changed the record since the form was opened."""
