#!/usr/bin/env bash
# Puts the program where the next step finds it: the released binary of the wanted version, else the wheel of that
# version, else (and without a version) built from this checkout. A version that is neither released nor this checkout's
# is an error: linting with another one than was asked for would be a surprise.
#
# In:  WSLINT_VERSION     a version without `v`, or empty
#      WSLINT_SOURCE      this action's checkout
#      WSLINT_REPOSITORY  owner/name where it is released
#      RUNNER_TEMP, RUNNER_OS, RUNNER_ARCH, GITHUB_SERVER_URL, GITHUB_OUTPUT as the runner sets them
# Out: output `program`, its path
set -euo pipefail

version=${WSLINT_VERSION#v}
temp=${RUNNER_TEMP:-$(mktemp -d)}
suffix=''
[ "${RUNNER_OS:-Linux}" = Windows ] && suffix=.exe

say() { printf '%s\n' "$*" >&2; }

found() {
    say "nginx-wslint: $("$1" --version) ($1)"
    printf 'program=%s\n' "$1" >> "$GITHUB_OUTPUT"
    exit 0
}

if [ -n "$version" ] && ! [[ $version =~ ^[0-9]+(\.[0-9]+){2}([-.+][0-9A-Za-z.-]+)?$ ]]; then
    say "::error title=nginx-wslint::the version is not one: it should look like 0.1.0"
    exit 2
fi

# A binary that was released, with its checksum.
released() {
    case ${RUNNER_OS:-}/${RUNNER_ARCH:-} in
        Linux/X64) target=x86_64-unknown-linux-musl ;;
        Linux/ARM64) target=aarch64-unknown-linux-musl ;;
        macOS/X64) target=x86_64-apple-darwin ;;
        macOS/ARM64) target=aarch64-apple-darwin ;;
        Windows/X64) target=x86_64-pc-windows-msvc ;;
        *) return 1 ;;
    esac
    [ -n "${WSLINT_REPOSITORY:-}" ] || return 1
    local name="nginx-wslint-$target.tar.gz" folder="$temp/nginx-wslint-$version"
    local url="${GITHUB_SERVER_URL:-https://github.com}/$WSLINT_REPOSITORY/releases/download/v$version"
    mkdir -p "$folder"
    for file in "$name" "$name.sha256"; do
        curl --fail --silent --location --retry 2 --connect-timeout 10 --max-time 120 \
            --output "$folder/$file" "$url/$file" || return 1
    done
    (cd "$folder" && { sha256sum --check --status "$name.sha256" || shasum -a 256 --check --status "$name.sha256"; }) ||
        { say "::error title=nginx-wslint::the checksum of $name is wrong"; exit 2; }
    tar -xzf "$folder/$name" -C "$folder"
    program="$folder/nginx-wslint$suffix"
}

wheel() {
    local folder="$temp/nginx-wslint-wheel" python
    python=$(command -v python3 || command -v python) || return 1
    "$python" -m venv "$folder" > /dev/null 2>&1 || return 1
    local bin="$folder/bin"
    [ -d "$bin" ] || bin="$folder/Scripts"
    "$bin/python" -m pip install --quiet --only-binary :all: "nginx-wslint==$version" > /dev/null 2>&1 || return 1
    program="$bin/nginx-wslint$suffix"
}

own=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$WSLINT_SOURCE/Cargo.toml" | head -n 1)
if [ -n "$version" ]; then
    if released || wheel; then
        found "$program"
    fi
    if [ "$version" != "$own" ]; then
        say "::error title=nginx-wslint::version $version is not released, and this checkout is $own"
        exit 2
    fi
    say "nginx-wslint: $version is not released as a binary; building it"
fi
if ! command -v cargo > /dev/null; then
    say "::error title=nginx-wslint::no cargo to build with; name a released version"
    exit 2
fi
cargo build --quiet --release --locked --manifest-path "$WSLINT_SOURCE/Cargo.toml" \
    --target-dir "$temp/nginx-wslint-target" >&2
found "$temp/nginx-wslint-target/release/nginx-wslint$suffix"
