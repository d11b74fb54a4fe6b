"""Rules of the layer alerting, one module each, and its card."""
