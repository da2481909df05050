# Builds runitbox from source and puts it into the base image you like; docker/README.md has a page on each:
#   docker build .                                      a carrier, for COPY --from=
#   docker build --target alpine -t runitbox:alpine .   static (FROM scratch), distroless, alpine, debian, nonroot
# Derived images put their services into /etc/service and say in a HEALTHCHECK which of them matter.
ARG ALPINE=alpine:3.22
ARG DEBIAN=debian:12-slim
ARG VERSION=0.1.0
ARG REVISION=unknown

FROM ${DEBIAN} AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    ca-certificates gcc libc6-dev make musl-tools nodejs npm xz-utils
WORKDIR /src
COPY Makefile package.json package-lock.json ./
COPY build build
RUN make node_modules/.stamp out/quickjs/engine/.stamp
COPY src src
RUN make -j"$(nproc)"
# One executable and a link to it for each program, nothing else.
COPY LICENSE ./
RUN mkdir -p /carrier/usr/local/bin /carrier/usr/local/share/doc/runitbox && \
    cp dist/runitbox /usr/local/bin/ && cp dist/runitbox /carrier/usr/local/bin/ && \
    cp LICENSE /carrier/usr/local/share/doc/runitbox/ && runitbox --install -s /carrier/usr/local/bin

# What an image without a shell cannot make by itself: users, a place for temporary files, an empty /etc/service.
FROM build AS skeleton
RUN mkdir -p /skeleton/etc/service /skeleton/run /skeleton/root /skeleton/tmp && chmod 1777 /skeleton/tmp && \
    printf '%s\n' root:x:0:0:root:/root:/sbin/nologin nobody:x:65534:65534:nobody:/:/sbin/nologin \
      nonroot:x:65532:65532:nonroot:/:/sbin/nologin > /skeleton/etc/passwd && \
    printf '%s\n' root:x:0: nogroup:x:65534: nonroot:x:65532: > /skeleton/etc/group
# glibc and what programs linked to it look for: certificates, time zones, names.
RUN apt-get install -y --no-install-recommends tzdata && mkdir /glibc && cd /glibc && \
    apt-get download libc6 tzdata && for deb in *.deb; do dpkg-deb -x "$deb" .; done && \
    rm -rf ./*.deb usr/share/doc usr/share/lintian usr/share/man etc/ld.so.conf.d && \
    mkdir -p etc/ssl/certs && cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/ && \
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' > etc/nsswitch.conf && \
    cp /etc/debian_version /usr/lib/os-release etc/

FROM scratch AS static
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="runitbox" \
      org.opencontainers.image.description="Supervises the services in /etc/service; nothing else" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=skeleton /skeleton /
COPY --from=build /carrier /
STOPSIGNAL SIGTERM
ENTRYPOINT ["runsvdir", "-P", "--subreaper", "/etc/service"]

FROM scratch AS distroless
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="runitbox" \
      org.opencontainers.image.description="glibc, certificates and time zones; supervises the services in /etc/service" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=skeleton /glibc /
COPY --from=skeleton /skeleton /
COPY --from=build /carrier /
STOPSIGNAL SIGTERM
ENTRYPOINT ["runsvdir", "-P", "--subreaper", "/etc/service"]

FROM ${ALPINE} AS alpine
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="runitbox" \
      org.opencontainers.image.description="Alpine; supervises the services in /etc/service" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /carrier /
RUN mkdir -p /etc/service
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD sv -w 3 check /etc/service/*
ENTRYPOINT ["runsvdir", "-P", "--subreaper", "/etc/service"]

FROM ${DEBIAN} AS debian
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="runitbox" \
      org.opencontainers.image.description="Debian; supervises the services in /etc/service" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /carrier /
RUN mkdir -p /etc/service
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD sv -w 3 check /etc/service/*
ENTRYPOINT ["runsvdir", "-P", "--subreaper", "/etc/service"]

# For any user (-u 12345, OpenShift's numbers), a read-only root and no capabilities: whatever is written goes to /run.
# RUN supervise-in-run, after the services are in place, links each supervise directory there.
FROM alpine AS nonroot
LABEL org.opencontainers.image.description="Alpine, without root; supervises the services in /etc/service"
COPY docker/supervise-in-run /usr/local/bin/
RUN chmod 1777 /run
USER 65532:65532

FROM scratch AS carrier
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="runitbox" \
      org.opencontainers.image.description="The runit suite in one executable, to be copied from" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /carrier /
