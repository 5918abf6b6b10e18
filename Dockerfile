# An image of the server on Alpine, for every platform that Alpine has: where PyPI has a wheel of a dependency for musl,
# it is taken; elsewhere it is compiled in the first stage, which needs compilers that the image does not have.
#
#   docker build -t mox .
#   tools/build-images 1.2.3        several platforms at once
ARG ALPINE=3.22

FROM alpine:${ALPINE} AS builder
RUN apk add --no-cache python3 py3-pip
# Only where something has no wheel: Rust for cryptography, RE2 and Abseil for google-re2, the rest for C.
ARG COMPILE=auto
RUN if [ "$COMPILE" = yes ] || { [ "$COMPILE" = auto ] && ! uname -m | grep -Eq '^(x86_64|aarch64)$'; }; then \
      apk add --no-cache build-base python3-dev libffi-dev openssl-dev pkgconf cargo rust abseil-cpp-dev re2-dev \
        py3-pybind11-dev linux-headers autoconf automake libtool zstd-dev; \
    fi
WORKDIR /src
COPY requirements/run.lock requirements/run.lock
RUN python3 -m venv /opt/mox \
 && /opt/mox/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/run.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
# The build backend is among the locked packages.
RUN /opt/mox/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
 && /opt/mox/bin/pip uninstall --yes --quiet hatchling editables pip \
 && { /opt/mox/bin/python -m compileall -q /opt/mox/lib || true; }

FROM alpine:${ALPINE}
# Libraries of what was compiled are small; the compilers stay behind.
RUN apk add --no-cache python3 libffi openssl libstdc++ re2 abseil-cpp zstd-libs ca-certificates tzdata \
 && addgroup -S mox && adduser -S -D -H -G mox -s /sbin/nologin mox
COPY --from=builder /opt/mox /opt/mox
# Root starts it, and must own what it runs.
RUN ln -s /opt/mox/bin/mox /usr/local/bin/mox && chown -R root:root /opt/mox && chmod -R go-w /opt/mox
WORKDIR /mox
EXPOSE 25 80 143 443 465 587 993 8010
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s \
  CMD printf 'QUIT\r\n' | nc -w 5 127.0.0.1 25 | grep -q '^220 ' || exit 1
CMD ["mox", "serve"]
