"""Loads by name, for ``run --preset``: what is measured stays, how long and how hard is the preset's."""

PRESETS = {
    "quick": ("--shape=RampTo500", "--users=500", "--spawn-rate=50", "--run-time=12s"),
}
"""Flags of ``run``, which come after an experiment's file and before the command line."""
