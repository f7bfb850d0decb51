"""The answer of an experiment with several subjects, in one sentence."""

from collections import Counter
from collections.abc import Sequence

from locust_asyncdjango.lab.report.answer.subject_answers import SubjectAnswer


def overall_text(answers: Sequence[SubjectAnswer]) -> str:
    """Return on how many subjects each kind or arm is ahead, without a full stop; "" for a single subject."""
    if len(answers) < 2:
        return ""
    ahead = Counter(answer.recommendation.winner for answer in answers)
    undecided, total = ahead.pop("", 0), len(answers)
    if not ahead:
        return f"No arm is ahead in any of the {total} cases"
    (first, count), *others = ahead.most_common()
    single = " (one run each)" if any(answer.recommendation.is_single_run for answer in answers) else ""
    clauses = [f"In {count} of {total} cases {first} is ahead{single}", *(f"in {n} {name}" for name, n in others)]
    return f"{', '.join(clauses)}{f'; in {undecided} no arm is' if undecided else ''}"
