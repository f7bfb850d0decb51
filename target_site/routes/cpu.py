"""cpu: the sum of the first n squares, no query. The async twin blocks its event loop, which is the point."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from target_site.problems import BadInputError

from .route import Route

DEFAULT_N = 10**7
LARGEST_N = 10**8


@require_GET
def cpu_sync(request: HttpRequest) -> JsonResponse:
    n = squares_wanted(request)
    return JsonResponse({"n": n, "sum": sum_of_squares(n)})


@require_GET
async def cpu_async(request: HttpRequest) -> JsonResponse:
    n = squares_wanted(request)
    return JsonResponse({"n": n, "sum": sum_of_squares(n)})


def sum_of_squares(n: int) -> int:
    """0 + 1 + 4 + ... + (n - 1)**2."""
    return sum(i * i for i in range(n))


def squares_wanted(request: HttpRequest) -> int:
    """The query's n. Raises BadInputError."""
    given = request.GET.get("n")
    if given is None:
        return DEFAULT_N
    # The length is checked first: Python refuses to read very long numbers with an error of its own.
    if given.isascii() and given.isdigit() and len(given) <= len(str(LARGEST_N)) and int(given) <= LARGEST_N:
        return int(given)
    raise BadInputError(f"n must be a whole number from 0 to {LARGEST_N}")


ROUTE = Route(
    name="cpu",
    method="GET",
    summary="The sum of the first n squares (n=10000000, or ?n=): no query, only the processor.",
    variants={"sync": cpu_sync, "async": cpu_async},
)
