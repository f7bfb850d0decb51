"""What the results of experiments and the series of runs show. Start reading at ``findings``."""
