"""The slow API that the route external calls: ``uvicorn target_site.slow_api:application --port 5000``.

GET /?ms=300 waits 300 milliseconds and returns {"country": ..., "ms": 300}. The country is random. With a seed
(&seed=7) it is the same each time. It is plain ASGI, without Django, so that it needs little processor time.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Message = MutableMapping[str, Any]

DEFAULT_MS = 300
LARGEST_MS = 10_000
LARGEST_SEED = 10**10

COUNTRIES = (
    *("Argentina", "Australia", "Austria", "Bangladesh", "Belgium", "Bolivia", "Botswana", "Brazil", "Bulgaria"),
    *("Cameroon", "Canada", "Chile", "China", "Colombia", "Croatia", "Denmark", "Ecuador", "Egypt", "Estonia"),
    *("Ethiopia", "Finland", "France", "Germany", "Ghana", "Greece", "Hungary", "Iceland", "India", "Indonesia"),
    *("Ireland", "Italy", "Jamaica", "Japan", "Jordan", "Kenya", "Latvia", "Lithuania", "Malaysia", "Mexico"),
    *("Mongolia", "Morocco", "Nepal", "Netherlands", "New Zealand", "Nigeria", "Norway", "Peru", "Philippines"),
    *("Poland", "Portugal", "Romania", "Senegal", "Serbia", "Slovakia", "Slovenia", "South Africa", "South Korea"),
    *("Spain", "Sweden", "Switzerland", "Tanzania", "Thailand", "Tunisia", "Turkey", "Uganda", "Ukraine"),
    *("United Kingdom", "United States", "Uruguay", "Vietnam", "Zambia"),
)


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Respond to a request after the time that its query names. This is an ASGI application."""
    if scope["type"] == "lifespan":
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})
        return
    status, answer = response_to(scope["query_string"].decode("latin-1"))
    if status == 200:
        await asyncio.sleep(answer["ms"] / 1000)
    body = json.dumps(answer).encode()
    media_type = b"application/json" if status == 200 else b"application/problem+json"
    headers = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def response_to(query: str) -> tuple[int, dict[str, Any]]:
    """Return status and body of the response to a query string."""
    parameters = {"ms": str(DEFAULT_MS), **{name: values[-1] for name, values in parse_qs(query).items()}}
    for name, largest in (("ms", LARGEST_MS), ("seed", LARGEST_SEED)):
        value = parameters.get(name, "0")
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(largest)) and int(value) <= largest):
            detail = f"{name} must be a whole number from 0 to {largest}"
            return 400, {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": detail}
    # A Random without a seed is seeded by the system.
    country = random.Random(parameters.get("seed")).choice(COUNTRIES)  # noqa: S311 - not for secrets
    return 200, {"country": country, "ms": int(parameters["ms"])}
