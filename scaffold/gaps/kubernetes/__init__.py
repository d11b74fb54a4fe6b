"""Rules of the layer kubernetes, one module each, and its card."""
