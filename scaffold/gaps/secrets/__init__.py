"""Rules of the layer secrets, one module each, and its card."""
