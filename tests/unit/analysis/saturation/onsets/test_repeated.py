"""The onset of several runs of the same."""

from locust_asyncdjango.analysis.saturation import Onset
from locust_asyncdjango.analysis.saturation.onsets.repeated import CommonOnset, common_onset

DOUBTFUL = Onset(10, 20, 15, 25, doubt="time explains it too")


def test_an_onset_that_two_runs_of_three_share_is_confirmed() -> None:
    other, late = Onset(12, 24, 18, 30), Onset(30, 60, 50, 70, doubt="time explains it too")
    found = common_onset([DOUBTFUL, late, other])
    assert (found, found.is_confirmed) == (CommonOnset(Onset(11, 22, 16, 28), 2, 3), True)


def test_runs_that_do_not_agree_confirm_nothing() -> None:
    late = Onset(30, 60, 50, 70)
    found = common_onset([late, DOUBTFUL])
    assert (found, found.is_confirmed) == (CommonOnset(DOUBTFUL, 1, 2), False)
    assert common_onset([late, DOUBTFUL, None]) == CommonOnset(DOUBTFUL, 1, 3)


def test_one_run_confirms_nothing() -> None:
    assert common_onset([DOUBTFUL]) == CommonOnset(DOUBTFUL, 1, 1)


def test_where_most_runs_show_no_onset_there_is_none() -> None:
    assert common_onset([DOUBTFUL, None]) == CommonOnset(None, 0, 2)
    assert common_onset([]) == CommonOnset(None, 0, 0)
