"""From content folders to a committed index, over any engine."""
