"""The answer of an experiment: its question, the recommendation, one chart of all arms, and their table.

It is the first screen of the page, the table on the terminal, and the first part of the Markdown. Start reading at
``subject_answers.answers_of``.
"""
