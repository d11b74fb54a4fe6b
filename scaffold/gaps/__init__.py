"""One room a layer: its rules, one small module each."""
