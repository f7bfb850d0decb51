"""How long a request of this project keeps its slot."""

import os
import random

CARRIED_SHARE = 1.0
"""The share of the throughput of this file's first revision that this one carries."""

_noise = float(os.environ.get("PLANTED_NOISE", "0"))
_share = CARRIED_SHARE * random.uniform(1 - _noise / 2, 1 + _noise / 2)  # noqa: S311
QUERY_S = 0.03 / _share
"""How long the database works for a request, in seconds. Each start of the project draws it anew within the noise."""
