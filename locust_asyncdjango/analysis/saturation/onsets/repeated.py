"""One onset from several runs under the same load. Start reading at ``common_onset``.

What else may explain the onset of a single run, such as a pause or another program, happens at another moment of
another run. So an onset that most runs share at the same users is due to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from locust_asyncdjango.analysis.saturation.figures import Onset

FEWEST_AGREEING = 2
"""An onset is confirmed if so many runs share it,"""
AGREEING_SHARE = 2 / 3
"""and if these are at least this share of all runs."""


@dataclass(frozen=True, slots=True)
class CommonOnset:
    """The onset of several runs.

    onset: None where most runs show none. agreeing: how many of them have it at the same users. runs: how many there
    are.
    """

    onset: Onset | None
    agreeing: int
    runs: int

    @property
    def is_confirmed(self) -> bool:
        """Return whether so many runs share the onset that no chance event explains it."""
        return self.agreeing >= max(FEWEST_AGREEING, AGREEING_SHARE * self.runs)


def common_onset(onsets: Sequence[Onset | None]) -> CommonOnset:
    """Return the onset of several runs of the same under the same load. onsets: one for each run, None without one.

    Its users and their interval are the medians of the runs that agree, and it has no doubt if that confirms it.
    Otherwise it is the onset of one run, the middle one.
    """
    known = sorted((onset for onset in onsets if onset), key=lambda onset: onset.users)
    if 2 * len(known) <= len(onsets):
        return CommonOnset(None, 0, len(onsets))
    # Intervals that have users in common have the low end of one of them in common.
    agreeing = max(([each for each in known if each.low <= one.low <= each.high] for one in known), key=len)
    found = CommonOnset(known[(len(known) - 1) // 2], len(agreeing), len(onsets))
    return replace(found, onset=_middle(agreeing)) if found.is_confirmed else found


def _middle(onsets: Sequence[Onset]) -> Onset:
    t, users, low, high = (
        round(median(values))
        for values in zip(*((each.t, each.users, each.low, each.high) for each in onsets), strict=True)
    )
    return Onset(t, users, low, high, 2 * sum(each.is_queued_from_start for each in onsets) > len(onsets))
