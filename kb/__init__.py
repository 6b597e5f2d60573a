"""The domain: documents, front matter, Markdown to sections, folding, the query language. No engine, no web."""
