"""Project, settings and gaps to one frozen Target."""
