"""What each figure of a run means, in one sentence for people.

Summary, web UI, reports, README and docs/saturation.md use these sentences. ``saturation`` computes the figures by its
constants, with which the tests compare the numbers here. docs/saturation.md has the exact definitions.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure and its meaning.

    sentence: what the figure is, without a capital letter and a full stop. interval: what the numbers in brackets mean.
    """

    sentence: str
    interval: str

    @property
    def text(self) -> str:
        """Return both in one sentence."""
        return f"{self.sentence}; in brackets: {self.interval}"


CAPACITY = Definition(
    "the highest load at which the objective holds, the successful requests a second at this load, and what broke the"
    " objective beyond it",
    "the loads between which the limits may be passed",
)
GOODPUT = Definition(
    "the mean rate of successful requests over the plateau: the whole seconds after the warm-up in which the offered"
    " load is constant, for ten seconds at least; of several such loads the highest",
    "what the noise leaves open, though each second resembles the one before; a plateau of less than thirty seconds"
    " shows too little of it",
)
PLATEAU_LATENCY = "half, 95 % and 99 % of the successful requests that began at the load of the goodput took no longer"
UNLOADED = (
    "the median latency at the lowest loads of the run; where requests queue even there, what each user adds to it"
)
SATURATED = (
    "whether the server was the limit: at the highest loads the median latency is above one and a half times the"
    " unloaded latency, or requests fail that do not fail at lower loads; if not, the load was the limit;"
    f" unloaded latency: {UNLOADED}"
)
PEAK = Definition(
    "the highest rate of successful requests over any ten consecutive seconds, and the most users in these seconds;"
    " as the highest of many it is biased upward, and only for comparison with what others have published",
    "what the noise of these seconds leaves open, and all numbers of users at which as much was reached",
)
SUCCESSES = Definition("how many requests succeeded", "what another run under the same conditions may have")
SLOWDOWN = Definition(
    "the users from which latency rises; there is a slowdown if the mean latency rises above one and a half times"
    " the unloaded latency, stays there, and rises with the users rather than with time",
    "the range in which latency may begin to rise",
)
ERRORS = Definition(
    "the users from which a larger share of the requests fails; a failure by chance is no such moment, and neither is"
    " what fails at every load",
    "the fewest and the most users that it may have been",
)
IN_FLIGHT = (
    "requests that had begun and were not answered when the run ended; they count neither as successes nor as failures"
)
DUE_LATENCY = (
    "how long all requests took that were due and have not failed, from when each was due; those that the end of the"
    " run cut off count as at least as long as they had waited"
)
LOCUST_LATENCY = "how long requests took from when each was sent; what the end of the run cut off is left out"
WARM_UP = (
    "the first seconds of a run, whose median latency was above one and a half times that of the seconds after them"
)
