"""From the bytes of a file to sections: one module a file format."""
