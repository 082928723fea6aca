"""From two sides of lockfiles to a review: pure; what must be asked is asked through a function that the caller brings."""
