"""The lock, the class of each path, diffs, and the all-or-nothing write."""
