"""Experiment -> its trials, in the order in which they run."""

from locust_asyncdjango.lab.servers import SERVERS
from locust_asyncdjango.lab.spec import ALL_VARIANTS, Experiment, Trial
from locust_asyncdjango.routes import ROUTES


def trials(experiment: Experiment) -> list[Trial]:
    """Route by route, so that the servers that are compared run right after each other."""
    return [
        Trial(route, server, experiment.posts, experiment.max_connections, variant)
        for route in experiment.routes
        for server in experiment.servers
        for variant in _variants(experiment, route, server)
    ]


def _variants(experiment: Experiment, route: str, server: str) -> tuple[str, ...]:
    if experiment.variants == ALL_VARIANTS:
        return ROUTES[route].variants(SERVERS[server].interface)
    return experiment.variants or ("",)
