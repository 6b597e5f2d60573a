"""Engines behind the SearchEngine port. Each folder alone imports its engine's library."""
