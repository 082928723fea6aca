"""Random cases, each put to a real installer and to the prediction: both must say the same.

`cases` draws a project's files, an index arrangement and a lock; `origins` serves them on loopback; `projects`
writes them as one installer's files; `installers` runs the real one; `comparing` sets both answers side by side.
`python -m tests.prediction.differential pip --cases 1000` runs as many as you like.
"""
