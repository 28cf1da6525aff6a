# gitops-streams as an image: git and one virtual environment, no shell scripts, a user without rights.
#
#   docker build --tag gitops-streams .
#   docker run --rm --read-only --tmpfs /tmp --user "$(id -u)" --volume "$PWD:/repository" gitops-streams diff
#
# Name the base by a digest that you have checked, as you would any image: --build-arg BASE=docker.io/…@sha256:…
ARG BASE=docker.io/library/python:3.13-slim-trixie

FROM ${BASE} AS build
# Every dependency is locked with its hash, the build's own too; only wheels, so that nobody's setup.py runs here.
COPY requirements/image.txt requirements/image-build.txt /source/requirements/
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /source/requirements/image.txt \
 && python -m venv /builder \
 && /builder/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /source/requirements/image-build.txt
COPY pyproject.toml README.md LICENSE /source/
COPY gitops_streams /source/gitops_streams
WORKDIR /source
RUN /builder/bin/python -m hatchling build --target wheel \
 && /venv/bin/pip install --no-cache-dir --no-index --no-deps dist/*.whl \
 && /venv/bin/python -m compileall -q /venv \
 && /venv/bin/python -m pip uninstall --yes --quiet pip

FROM ${BASE}
# git-over-SSH remotes need the client. What Debian ships is what its security team keeps current.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir --mode 0770 /var/lib/gitops-streams \
 && chown 65532:65532 /var/lib/gitops-streams
COPY --from=build /venv /venv
# Clones and nothing else; it may be lost at any time. With a read-only root, mount something writable here and at /tmp.
ENV PATH=/venv/bin:$PATH \
    HOME=/var/lib/gitops-streams \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 65532:65532
WORKDIR /repository
EXPOSE 8080
ENTRYPOINT ["gitops-streams"]
CMD ["--help"]
