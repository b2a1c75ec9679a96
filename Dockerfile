# syntax=docker/dockerfile:1
# The linter alone in an image: `docker build -t nginx-wslint .`
# Run it on a folder: `docker run --rm -v "$PWD:/work" nginx-wslint --diff .`
FROM docker.io/library/rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM docker.io/library/debian:bookworm-slim
COPY --from=build /src/target/release/nginx-wslint /usr/local/bin/nginx-wslint
USER nobody
WORKDIR /work
ENTRYPOINT ["nginx-wslint"]
