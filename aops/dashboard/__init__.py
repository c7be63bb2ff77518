"""The first page: what runs, what failed, what can be launched."""
