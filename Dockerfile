# aicensus in a container: docker build -t aicensus . && docker run --rm -v "$PWD:/scan:ro" aicensus scan /scan
# Everything installed is named by a lock file and checked by its hash; the last stage has no pip and no uv.
# Another base (a mirror, a digest): docker build --build-arg PYTHON=registry.example.org/python:3.13-slim@sha256:...
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
# Compiled here, once: the user of the last stage may not write where modules lie, and would do it at every start.
ENV UV_COMPILE_BYTECODE=1
WORKDIR /build
COPY requirements*.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-uv.lock \
    && uv venv /opt/aicensus \
    && uv pip sync --python /opt/aicensus/bin/python --no-cache --require-hashes requirements-runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY connectors connectors
COPY discovery discovery
COPY normalizer normalizer
COPY scheduler scheduler
COPY store store
RUN uv build --wheel --no-cache --build-constraint requirements.lock --require-hashes --out-dir dist \
    && uv pip install --python /opt/aicensus/bin/python --no-cache --no-deps --offline dist/*.whl

FROM ${PYTHON}
LABEL org.opencontainers.image.title="aicensus" org.opencontainers.image.licenses="Apache-2.0"
# git is read by its plumbing only; nothing of a scanned repository is ever run.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && python -m pip uninstall --yes --root-user-action ignore pip \
    && python -m compileall -q -x 'bad_coding|badsyntax|site-packages' \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && useradd --uid 10001 --user-group --create-home aicensus \
    && install -d -o aicensus -g aicensus -m 0700 /data
COPY --from=build /opt/aicensus /opt/aicensus
ENV PATH=/opt/aicensus/bin:$PATH XDG_DATA_HOME=/data XDG_CACHE_HOME=/data/cache PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME /data
WORKDIR /scan
# The exec form: SIGTERM reaches aicensus itself, which saves what it has before it ends.
ENTRYPOINT ["aicensus"]
CMD ["--help"]
