"""Experiment -> its trials, in the order in which they run."""

from locust_asyncdjango.lab.spec import Experiment, Trial


def trials(experiment: Experiment) -> list[Trial]:
    """Route by route, so that the servers that are compared run right after each other."""
    return [
        Trial(route, server, experiment.posts, experiment.max_connections)
        for route in experiment.routes
        for server in experiment.servers
    ]
