"""What a run's rows and failures mean: saturation, thresholds, outcome, and how they are shown."""
