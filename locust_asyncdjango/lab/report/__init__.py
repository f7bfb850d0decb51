"""Reports of runs and experiments, for people (terminal, HTML, Markdown) and programs (JSON).

Start reading at ``experiment_report`` or ``run_report``. Everything here takes findings or a series and returns text.
"""
