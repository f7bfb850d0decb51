"""cpu: adds the first n squares, without a query. The async variant blocks its event loop: that is what it shows."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from .parameters import read_integer
from .route import Route, Variant

DEFAULT_N = 10**7
LARGEST_N = DEFAULT_N
"""A ten times larger n takes over ten seconds, during which a worker sends no heartbeat."""


@require_safe
def cpu_sync(request: HttpRequest) -> JsonResponse:
    n = read_integer(request, "n", LARGEST_N, DEFAULT_N)
    return JsonResponse({"n": n, "sum": sum_of_squares(n)})


@require_safe
async def cpu_async(request: HttpRequest) -> JsonResponse:
    n = read_integer(request, "n", LARGEST_N, DEFAULT_N)
    return JsonResponse({"n": n, "sum": sum_of_squares(n)})


def sum_of_squares(n: int) -> int:
    """Return 0 + 1 + 4 + ... + (n - 1)**2."""
    return sum(i * i for i in range(n))


ROUTE = Route(
    name="cpu",
    method="GET",
    summary="Adds the first 10,000,000 squares: no query, only the processor.",
    variants=(
        Variant("sync", cpu_sync, "a function"),
        Variant("async", cpu_async, "an async function, which blocks its event loop"),
    ),
    parameters={"n": f"how many squares, 0 to {LARGEST_N}"},
)
