"""Folding, kana, eras and the query language: what is about Japanese and needs no dictionary."""
