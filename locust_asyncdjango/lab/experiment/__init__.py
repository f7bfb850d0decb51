"""What is measured, and the folder that keeps the results.

Start reading at ``spec.py``, which has ``Experiment`` and ``Trial``. ``plan`` orders the trials, ``config_file`` reads
experiment files, and ``results_folder`` keeps each ``Result``.
"""
