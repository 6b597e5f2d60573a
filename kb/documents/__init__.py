"""Documents as values, the files that they come from and their front matter."""
