"""Files to Project: nothing reads the project after this."""
