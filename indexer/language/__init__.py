"""What is searched on both sides alike: words, their parts and pairs of characters; and the editors' thesaurus."""
