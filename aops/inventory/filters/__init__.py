"""Hosts chosen by what is known of them: a small language, and filters saved under a name."""
