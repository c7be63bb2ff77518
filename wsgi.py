"""gunicorn's other entry point: ``gunicorn wsgi:app``."""

from aops import create_app

app = create_app()
