"""One change to many hosts."""
