"""Rules of the layer ci, one module each, and its card."""
