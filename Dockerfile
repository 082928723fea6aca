# The image in which the GitHub Action runs (action.yml).
#
# Both bases are arguments: a mirror of Chainguard's images, a digest, or a base made locally for tests. They must
# hold the same minor version of Python. Package indexes are those of pip's configuration in BASE; none is named here.
ARG BASE=cgr.dev/chainguard/python:latest-dev
ARG RUNTIME_BASE=cgr.dev/chainguard/python:latest

FROM ${BASE} AS build
# Chainguard's images run as another user; this stage writes /app and does not ship.
# hadolint ignore=DL3002
USER 0
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /source

# /app is what ships: without pip. /build holds pip and what builds the package.
COPY requirements requirements
RUN python3 -m venv /build \
 && python3 -m venv --without-pip /app \
 && /build/bin/pip install --no-deps --require-hashes --only-binary :all: -r requirements/build.txt \
 && /build/bin/pip --python /app/bin/python install \
      --no-compile --no-deps --require-hashes --only-binary :all: -r requirements/runtime.txt

# Bytecode that is never checked against its source: neither a file's time nor a layer's can make it stale.
COPY LICENSE README.md pyproject.toml ./
COPY src src
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheel . \
 && /build/bin/pip --python /app/bin/python install --no-compile --no-deps --no-index wheel/*.whl \
 && /app/bin/python -m compileall -f -q -j 0 --invalidation-mode unchecked-hash /app/lib

FROM ${RUNTIME_BASE}
LABEL org.opencontainers.image.title="Fallback Review" \
      org.opencontainers.image.description="Says in every pull request which Python packages come from Chainguard Libraries and which fall back to PyPI" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /app /app

# GitHub's runner mounts the workspace and the files for outputs and summary as its own user's: only root may
# write them, and Chainguard's images would run as another user.
# https://docs.github.com/actions/reference/workflows-and-actions/dockerfile-support#user
# hadolint ignore=DL3002
USER 0

# Ends the build where the two bases hold different Pythons, or the second one's lacks SQLite.
RUN ["/app/bin/python", "-IB", "-c", "import fallback_review.action.main, fallback_review.index.page_cache"]

# Absolute, since the runner sets the working directory: the workspace. -I keeps what lies there, the job's PYTHON*
# variables and HOME out of the import path: a checked-out pull request must not be run. -B writes no bytecode.
ENTRYPOINT ["/app/bin/python", "-IB", "-X", "utf8", "-m", "fallback_review.action.main"]
