"""Pages, JSON API and command line: the composition root. Only `bootstrap` names a concrete engine."""
