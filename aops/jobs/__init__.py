"""Running it: templates, launching, the life of a job, its output."""
