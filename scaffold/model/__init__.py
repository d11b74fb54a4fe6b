"""The types that every room shares, and the values that own their rules."""
