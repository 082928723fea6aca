"""Random cases, each put to a real installer and to the prediction: both must say the same.

`cases` draws a project's files and what a lock says of them; `origins` serves them on loopback; `projects`
arranges the indexes, and `requirements`, `url_locks` and `source_locks` write one installer's files;
`installers` runs the real one (`prefork` saves its start); `comparing` sets both answers side by side.
`make differential CASES=1000`, or `python -m tests.prediction.differential pip --cases 1000 --seed 7`.
"""
