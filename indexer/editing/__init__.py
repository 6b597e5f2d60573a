"""What editors use to see how well the search does."""
