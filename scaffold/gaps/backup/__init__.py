"""Rules of the layer backup, one module each, and its card."""
