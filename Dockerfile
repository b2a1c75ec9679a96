# One program that needs nothing else, and the certificates that a probe of wss:// is checked against.
#
#   docker build -t nginx-wslint .
#   docker run --rm -v "$PWD:/work:ro" nginx-wslint .
#   docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" nginx-wslint --fix .
FROM docker.io/library/rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
# Linked statically; names are looked up all the same, as the C library has had DNS and /etc/hosts built in since 2.34.
# The target is named so that macros and build scripts, which the compiler loads or runs, are built as usual.
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
    && RUSTFLAGS='-C target-feature=+crt-static' CARGO_PROFILE_RELEASE_STRIP=symbols \
       cargo build --release --locked --target "$target" \
    && cp "target/$target/release/nginx-wslint" /

FROM scratch
LABEL org.opencontainers.image.title="nginx-wslint" \
      org.opencontainers.image.description="Linter and autofixer for nginx configurations that proxy WebSockets" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY LICENSE LICENSE-MIT LICENSE-APACHE /usr/share/doc/nginx-wslint/
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /nginx-wslint /usr/local/bin/
# Nobody: reading is all that is needed, and who wants files mended says whose they are (--user).
USER 65534:65534
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/nginx-wslint"]
