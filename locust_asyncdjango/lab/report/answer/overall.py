"""The answer of an experiment with several subjects, in one sentence."""

from collections import Counter
from collections.abc import Sequence

from locust_asyncdjango.lab.report.answer.subject_answers import SubjectAnswer


def overall_text(answers: Sequence[SubjectAnswer]) -> str:
    """Return on how many subjects each kind or arm is ahead, without a full stop; "" for a single subject."""
    if len(answers) < 2:
        return ""
    choices = [answer.recommendation for answer in answers]
    ahead = Counter(choice.winner for choice in choices if not choice.obstacle)
    undecided, total = ahead.pop("", 0), len(choices)
    single = " (one run each)" if any(choice.is_single_run for choice in choices) else ""
    others = [f"in {undecided} no arm is"] if undecided else []
    if ahead:
        (first, count), *rest = ahead.most_common()
        clauses = (f"In {count} of {total} cases {first} is ahead{single}", *(f"in {n} {name}" for name, n in rest))
    else:
        clauses, others = (f"No arm is ahead in any of the {total} cases",), []
    obstacles = Counter(choice.obstacle for choice in choices if choice.obstacle)
    others += [f"{n} could not be compared: {obstacle}" for obstacle, n in obstacles.items()]
    return "; ".join((", ".join(clauses), *others))
