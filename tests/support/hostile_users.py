"""A program: FastUsers meet a hostile server, while an innocent one goes on being served. It prints JSON.

``python -m tests.support.hostile_users [SHARE]`` carries out the attacks (see hostile_attacks), in about two minutes.
With a SHARE of n, only every n-th of those with much data is carried out.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

import gevent
from gevent.pool import Pool
from geventhttpclient.response import HTTPParseError

from tests.support.hostile_attacks import Attack, every_attack  # patches the process with gevent, as in Locust
from tests.support.recorded_user import RecordedUser

HUNG_S = 120.0
"""What has not ended by then, hangs."""

AT_ONCE = {False: 20, True: 1}
"""Attacks that are carried out at the same time: without and with much data."""


class Innocent:
    """A user of a server that does nothing wrong. stopped_s: the longest time in which the loop did not run."""

    def __init__(self, url: str) -> None:
        self.user = RecordedUser(url, network_timeout=HUNG_S)
        self.stopped_s = 0.0
        self.greenlets = [gevent.spawn(self._visit), gevent.spawn(self._tick)]

    def wait_for_a_response(self) -> None:
        """Wait until it has been served once more."""
        served = len(self.user.events)
        while len(self.user.events) == served:
            gevent.sleep(0.01)

    def _visit(self) -> None:
        while True:
            self.user.client.get("/fine")
            gevent.sleep(0.01)

    def _tick(self) -> None:
        while True:
            began_s = time.monotonic()
            gevent.sleep(0.01)
            self.stopped_s = max(self.stopped_s, time.monotonic() - began_s)


@contextmanager
def hostile_server() -> Iterator[dict[str, Any]]:
    """Run the hostile server, and yield where it is."""
    command = [sys.executable, "-m", "tests.support.hostile_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield json.loads(server.stdout.readline())
        finally:
            server.kill()


def carry_out(attack: Attack, innocent: Innocent) -> None:
    """Make the request of an attack, and wait until the innocent user has been served again."""
    user = RecordedUser(attack.url, **{"network_timeout": 60.0, "connection_timeout": 60.0, **attack.settings})
    try:
        # What is raised while a stream is read is the locustfile's to handle.
        with gevent.Timeout(HUNG_S), suppress(OSError, HTTPParseError):
            attack.act(user, attack.url)
    except BaseException as error:  # noqa: BLE001
        attack.raised = repr(error)
    attack.events = user.kinds
    user.close()
    innocent.wait_for_a_response()


def carry_out_all(attacks: list[Attack], innocent: Innocent) -> None:
    """Carry out the attacks: those with much data one by one, the others side by side."""
    for heavy, at_once in AT_ONCE.items():
        pool = Pool(at_once)
        for attack in attacks:
            if attack.heavy == heavy:
                pool.spawn(carry_out, attack, innocent)
        pool.join(raise_error=True)
    gevent.killall(innocent.greenlets)


def summary(attacks: list[Attack], innocent: Innocent) -> dict[str, Any]:
    """Return what is printed."""
    shown = ("answer", "transport", "wanted", "events", "raised")
    return {
        "tried": len(attacks),
        "withstood": sum(attack.withstood for attack in attacks),
        "others": [
            {name: str(value) for name, value in asdict(attack).items() if name in shown}
            for attack in attacks
            if not attack.withstood
        ],
        "innocent_requests": len(innocent.user.kinds),
        "innocent_failures": sum(kind != "" for kind in innocent.user.kinds),
        "loop_stopped_s": round(innocent.stopped_s, 3),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Carry out the attacks and print what came of them."""
    share = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with hostile_server() as where, tempfile.NamedTemporaryFile("w", suffix=".pem") as authority:
        authority.write(where["authority"])
        authority.flush()
        every = every_attack(where, authority.name)
        heavy = [attack for attack in every if attack.heavy]
        attacks = [attack for attack in every if not attack.heavy] + heavy[::share]
        innocent = Innocent(where["urls"]["http"])
        carry_out_all(attacks, innocent)
    print(json.dumps(summary(attacks, innocent), indent=1))


if __name__ == "__main__":
    main()
