"""cpu: the sum of the first n squares, no query. The async twin blocks its event loop, which is the point."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from .parameters import number
from .route import Route, Variant

DEFAULT_N = 10**7
LARGEST_N = DEFAULT_N
"""More would only keep a worker from its heart-beat: a tenfold n takes ten seconds and more."""


@require_safe
def cpu_sync(request: HttpRequest) -> JsonResponse:
    n = number(request, "n", LARGEST_N, DEFAULT_N)
    return JsonResponse({"n": n, "sum": sum_of_squares(n)})


@require_safe
async def cpu_async(request: HttpRequest) -> JsonResponse:
    n = number(request, "n", LARGEST_N, DEFAULT_N)
    return JsonResponse({"n": n, "sum": sum_of_squares(n)})


def sum_of_squares(n: int) -> int:
    """0 + 1 + 4 + ... + (n - 1)**2."""
    return sum(i * i for i in range(n))


ROUTE = Route(
    name="cpu",
    method="GET",
    summary="The sum of the first 10,000,000 squares: no query, only the processor.",
    variants=(
        Variant("sync", cpu_sync, "a function"),
        Variant("async", cpu_async, "an async function, which keeps its event loop from all else meanwhile"),
    ),
    parameters={"n": f"how many squares, 0 to {LARGEST_N}"},
)
