"""Measures aops against its goals: ``make bench``, or ``make bench B="B1 B2"``.

Each benchmark is a small module named after its number. What is compared is measured
alternately within one run, because machines are noisy; nothing here is a test.
"""
