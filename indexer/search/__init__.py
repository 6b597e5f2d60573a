"""From a request to a page, over any engine: meaning, corrections, next steps, suggestions, snippets."""
