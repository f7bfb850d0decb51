"""What the probe has measured inside a server's processes during a load. Start reading at ``ProbeReader``."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.experiment.probe_figures import LoopBlock, ProbeFigures, RequestTimes, add_up
from locust_asyncdjango.metrics.strict_json import loads
from locust_asyncdjango.probe.protocol import FIGURES_FORMAT, FIGURES_PATH

RESPONSE_TIMEOUT_S = 30
PROCESSES_DEADLINE_S = 10
"""How long to go on asking until each process of a server has answered. Which one does is chance."""
MOST_BLOCKS = 20


class ProbeReader:
    """Reads the figures of all processes of a server. workers: how many it has."""

    def __init__(self, site: Site, workers: int) -> None:
        self._site = site
        self._workers = workers

    def reset(self) -> None:
        """Let each process forget what it has measured so far, such as the requests before the load."""
        self._read("?reset=1")

    def read(self) -> ProbeFigures | None:
        """Return what all processes have measured together; None where the server does not run the probe."""
        pages = self._read("")
        return combine(pages.values(), self._workers) if pages else None

    def _read(self, query: str) -> dict[int, Mapping[str, Any]]:
        """Return the page of each process by its id. The last page of a process counts."""
        pages: dict[int, Mapping[str, Any]] = {}
        deadline_s = time.monotonic() + PROCESSES_DEADLINE_S
        sent = 1 if self._workers == 1 else 4 * self._workers
        while len(pages) < self._workers and time.monotonic() < deadline_s:
            answers = [page for page in self._pages(query, sent) if page is not None]
            if not answers:
                break
            pages |= {int(page["process"]): page for page in answers}
        return pages

    def _pages(self, query: str, sent: int) -> list[Mapping[str, Any] | None]:
        """Return the answers to requests that are sent at once."""
        pool = ThreadPoolExecutor(sent)
        try:
            return list(pool.map(self._page, [query] * sent))
        finally:
            # Do not wait: when the lab is stopped, it stops the server, which ends the requests.
            pool.shutdown(wait=False, cancel_futures=True)

    def _page(self, query: str) -> Mapping[str, Any] | None:
        with suppress(OSError, ValueError, RecursionError):
            page = safe_value(loads(self._site.read(f"{FIGURES_PATH}{query}", RESPONSE_TIMEOUT_S)))
            if isinstance(page, dict) and page.get("format") == FIGURES_FORMAT and isinstance(page.get("process"), int):
                return page
        return None


def combine(pages: Iterable[Mapping[str, Any]], workers: int) -> ProbeFigures:
    """Return the figures of all processes together. workers: how many processes the server should have."""
    all_pages = list(pages)
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for request in (each for page in all_pages for each in page["requests"]):
        by_name.setdefault(str(request["name"]), []).append(request)
    requests = sorted((_request_times(name, parts) for name, parts in by_name.items()), key=lambda each: -each.requests)
    loops = [loop for page in all_pages if (loop := page.get("loop"))]
    return ProbeFigures(
        processes=len(all_pages),
        workers=workers,
        requests=tuple(requests),
        most_in_flight=sum(page["in_flight"]["most"] for page in all_pages),
        lag_most_ms=max((float(loop["lag_most_ms"]) for loop in loops), default=None),
        blocks=tuple(add_up(_block(each) for loop in loops for each in loop["blocks"])[:MOST_BLOCKS]),
    )


def _request_times(name: str, parts: list[Mapping[str, Any]]) -> RequestTimes:
    total: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for part in parts:
        total.update({key: value for key, value in part.items() if type(value) in (int, float)})
        failures.update(part["failures"])
    requests = max(total["requests"], 1)

    def mean_ms(*keys: str) -> float:
        return round(1000 * sum(total[key] for key in keys) / requests, 3)

    return RequestTimes(
        name=name,
        view=next((str(part["view"]) for part in parts if part["view"]), ""),
        is_async=any(part["is_async"] for part in parts),
        requests=int(total["requests"]),
        failed=int(total["failed"]),
        queued_ms=round(1000 * total["queued_s"] / total["queued"], 3) if total["queued"] else None,
        view_ms=mean_ms("view_s"),
        query_ms=mean_ms("query_s", "commit_s"),
        connect_ms=mean_ms("connect_s"),
        pool_wait_ms=mean_ms("pool_wait_s"),
        http_ms=mean_ms("http_s"),
        queries=round(total["queries"] / requests, 2),
        connects=round(total["connects"] / requests, 2),
        http_calls=round(total["http_calls"] / requests, 2),
        hops=round(total["hops"] / requests, 2),
        failures=dict(failures.most_common()),
    )


def _block(block: Mapping[str, Any]) -> LoopBlock:
    place = (str(block["file"]), int(block["line"]), str(block["function"]))
    return LoopBlock(*place, int(block["times"]), float(block["ms"]), float(block["most_ms"]))
