"""What hosts last reported about themselves, and what changed since."""
