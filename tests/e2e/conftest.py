from tests.e2e.fixtures import embedded, production, stack

__all__ = ["embedded", "production", "stack"]
