"""Rules of the layer config, one module each, and its card."""
