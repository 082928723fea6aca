"""Predicting what installers take: targets, listings, installers, verdicts, advice."""
