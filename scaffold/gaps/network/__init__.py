"""Rules of the layer network, one module each, and its card."""
