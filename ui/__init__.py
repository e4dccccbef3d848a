"""The web app: Streamlit screens over the HTTP API."""
