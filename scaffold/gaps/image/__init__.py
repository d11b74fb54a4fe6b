"""Rules of the layer image, one module each, and its card."""
