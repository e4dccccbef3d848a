# The whole system in one container. It listens beyond loopback, so it starts only with SCREENER_TOKEN set:
#   docker build -t signal-screener . && docker run -e SCREENER_TOKEN=... -p 8000:8000 -p 8501:8501 -v screener:/data signal-screener
FROM python:3.12-slim
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends make && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 screener && mkdir /data && chown screener /data
WORKDIR /app
COPY requirements.lock pyproject.toml ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation .
USER screener
RUN screener warm
ENV SCREENER_HOST=0.0.0.0 SCREENER_DATA_DIR=/data
VOLUME /data
EXPOSE 8000 8501
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/ready', timeout=3)"]
CMD ["screener", "up"]
