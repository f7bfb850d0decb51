"""To how many users the ramps of an experiment climb, in words."""

from locust_asyncdjango.lab.experiment.schedule.plan import comparisons
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.metrics.plural import counted


def ramp_users_text(experiment: Experiment) -> str:
    """Return the users at the end of the ramps: "500 users", or "120 users (home), 300 users (search)"."""
    firsts = [compared[0] for compared in comparisons(experiment)]
    users = [int(experiment.load_of(trial).users) for trial in firsts]
    if len(set(users)) == 1:
        return counted(users[0], "user")
    is_at_one = len(experiment.latencies_ms) == 1
    names = (trial.route if is_at_one else f"{trial.route} at {trial.latency_ms} ms" for trial in firsts)
    return ", ".join(f"{counted(each, 'user')} ({name})" for each, name in zip(users, names, strict=True))
