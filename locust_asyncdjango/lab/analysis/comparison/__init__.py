"""Which of the arms of an experiment is better, by how much, and how sure that is.

The unit is the run, never the request. Start reading at ``verdicts.compare_arms``; docs/experiments.md has the reasons.

Definitions
    criterion: the figure that decides between the arms of a subject (``criterion``).
    block: the runs of one repeat, one of each arm, near each other in time, so that a machine whose speed drifts
        affects all of them. Two arms are compared by the differences of the logarithms of their figures, within blocks.
    ratio: of two arms, the geometric mean over the blocks that have both.
    noise: the standard deviation of such a difference about its mean, of each route by itself (``noise``).
    error: how often an experiment without any difference calls some arms different: 5 %. All pairs of arms of all
        subjects share it by Holm's method, and so do the checks of ``--until-decided`` (``pair_tests``).
    interval: those of all pairs are correct together in 95 of 100 experiments. It ends at 1 where Holm's method tells
        arms apart whose interval would hold 1.
"""
