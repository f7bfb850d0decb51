"""The cause of failures whose responses hide it, in words."""

from collections import Counter

from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.metrics.plural import counted

ADVICE = advice("db_too_many_clients")


def refused_sentence(runs: ArmRuns) -> str:
    """Return which failures of an arm hide that the database refused connections; "" for none."""
    refused = [result.refused for result in runs.results if result.refused]
    if not refused:
        return ""
    failures: Counter[str] = Counter()
    for each in refused:
        failures.update(each.failures)
    connections = max((each.connections or 0 for each in refused), default=0)
    limit = runs.trial.max_connections
    # A connection that ends is in use for a moment more, so that there may be more of them than allowed.
    in_use = f", all {limit} in use" if connections >= limit else ""
    return (
        f"{counted(failures.total(), 'opaque failure')} ({', '.join(failures)}),"
        f" {counted(sum(each.refused for each in refused), 'refused connection')} in the same seconds: the database"
        f" refused connections (too many clients{in_use})"
    )


def explained_kinds(runs: ArmRuns) -> set[str]:
    """Return the kinds of failures whose cause ``refused_sentence`` says."""
    return {kind for result in runs.results if result.refused for kind in result.refused.failures}
