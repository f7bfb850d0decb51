"""Which requests the arms of a subject completed: whether their mixes differ, and arms compared name by name.

A total of requests means nothing where one arm completed more of the quick ones. Start reading at
``mixes.find_difference`` and ``by_name.compare_names``.
"""
