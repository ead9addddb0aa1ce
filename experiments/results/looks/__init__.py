"""The looks of planned experiments.

`taking` takes each once when it is due, `kept` reads and writes its figures, and `standing` says
how an experiment stands by its plan and its looks.
"""
