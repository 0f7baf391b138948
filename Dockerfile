# aicensus in a container: docker build -t aicensus . && docker run --rm -v "$PWD:/scan:ro" aicensus scan /scan
# Everything installed is named by requirements.lock and checked by its hash; the last stage has no pip and no uv.

FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements*.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-uv.lock \
    && uv venv /opt/aicensus \
    && uv pip sync --python /opt/aicensus/bin/python --no-cache --require-hashes requirements-runtime.lock \
    && uv pip install --system --no-cache --require-hashes --requirements requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY connectors connectors
COPY discovery discovery
COPY normalizer normalizer
COPY scheduler scheduler
COPY store store
RUN uv build --wheel --no-build-isolation --offline --out-dir dist \
    && uv pip install --python /opt/aicensus/bin/python --no-deps --offline dist/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="aicensus" org.opencontainers.image.licenses="Apache-2.0"
# git is read by its plumbing only; nothing of a scanned repository is ever run.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --create-home aicensus \
    && install -d -o aicensus -g aicensus -m 0700 /data
COPY --from=build /opt/aicensus /opt/aicensus
ENV PATH=/opt/aicensus/bin:$PATH XDG_DATA_HOME=/data PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME /data
WORKDIR /scan
ENTRYPOINT ["aicensus"]
CMD ["--help"]
