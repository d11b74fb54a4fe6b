"""The pipeline as plain functions, one module a command; the command line calls nothing else."""
