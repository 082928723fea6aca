"""From both sides of lockfiles to a review: pure; the caller brings the function that asks the indexes."""
