"""Pages, JSON API and command line. Only `composition` names a concrete engine."""
