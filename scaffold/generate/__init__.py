"""One room an output: each renders the Target to artifacts and edits."""
