"""One pull request: its files, its review, its delivery."""
