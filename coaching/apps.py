from django.apps import AppConfig


class CoachingConfig(AppConfig):
    name = "coaching"
    verbose_name = "Coaching"

    def ready(self) -> None:
        """What is in dispute stays as it is below; a decision changes it. Plays are compared beside what else works."""
        from performance.selectors.works import add_cut
        from salesmgmt.lib.holds import hold

        from .selectors import disputes, plays

        add_cut(plays.CUT)

        hold("order", lambda pk: disputes.held(order=pk))
        hold("account", lambda pk: disputes.held(account=pk))
        hold("quota", lambda key: disputes.quota_held(*key))
