"""Analysis, index building and search. No web framework; Whoosh only below engines/."""
