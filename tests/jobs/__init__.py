"""Tests of templates, jobs, their life and their output."""
