# One image for the worker, the operator's commands and the simulators.  `docker compose build` makes it.
# Nothing is compiled: every locked package has a wheel, and pip refuses a file whose hash is not in the lock.

FROM python:3.11.15-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all:
RUN python -m venv /opt/build && python -m venv --without-pip /opt/streams
WORKDIR /src
COPY requirements-build.lock requirements-runtime.lock ./
RUN /opt/build/bin/pip install --require-hashes -r requirements-build.lock \
 && /opt/build/bin/pip --python /opt/streams/bin/python install --require-hashes -r requirements-runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY streams streams
COPY schemas schemas
COPY connectors connectors
COPY simulators simulators
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
 && /opt/build/bin/pip --python /opt/streams/bin/python install --no-index --no-deps /dist/commerce_streams-*.whl

FROM python:3.11.15-slim-bookworm
RUN groupadd --system --gid 10001 streams \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/streams streams \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/streams
COPY --from=build /opt/streams /opt/streams
ENV PATH=/opt/streams/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STREAMS_DATA_DIR=/var/lib/streams \
    STREAMS_WEB__PORT=6066
WORKDIR /var/lib/streams
USER 10001:10001
EXPOSE 6066
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['STREAMS_WEB__PORT']), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["commerce-streams", "worker"]
