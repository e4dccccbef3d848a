"""The HTTP API: FastAPI routes over the use cases of `app`."""
