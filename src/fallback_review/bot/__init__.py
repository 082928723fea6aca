"""The bot: answers commands in pull requests, and comes back when the indexes have caught up.

All its memory is on GitHub: the markers of its comments and of its issue. A run that is lost loses nothing.
"""
