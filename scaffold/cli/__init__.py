"""The command line: one file a command; it builds an options object and calls app."""
