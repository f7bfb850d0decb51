"""Experiment -> its trials, in the order in which they run."""

from itertools import product

from locust_asyncdjango.lab.spec import ALL, Experiment, Trial
from locust_asyncdjango.routes import ROUTES


def trials(experiment: Experiment) -> list[Trial]:
    """Route by route and under the same conditions, so that servers that are compared run right after each other."""
    return [
        Trial(
            route=route,
            server=server,
            posts=experiment.posts,
            max_connections=max_connections,
            variant=variant,
            latency_ms=latency_ms,
            client_latency_ms=experiment.client_latency_ms,
            workers=experiment.workers,
        )
        for route, latency_ms, max_connections, server in product(
            experiment.routes, experiment.latencies_ms, experiment.max_connections, experiment.servers
        )
        for variant in _variants(experiment, route, server)
    ]


def _variants(experiment: Experiment, route: str, server: str) -> tuple[str, ...]:
    if experiment.variants == ALL:
        return ROUTES[route].variants(experiment.server(server).interface)
    return experiment.variants or ("",)
