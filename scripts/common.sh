# Helpers shared by the commands in this folder: messages, and long output kept in build/logs.
# To be sourced from the repository's root.

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# logged TEXT NAME COMMAND...: say TEXT and the seconds it took; the command's output goes to
# build/logs/NAME.log, whose end is shown when the command fails.
logged() {
  local text=$1 log=build/logs/$2.log start=$SECONDS status=0
  shift 2
  mkdir -p build/logs
  "$@" >"$log" 2>&1 || status=$?
  if ((status)); then
    say "$text: FAILED after $((SECONDS - start)) s; the end of $log:"
    tail -n 60 "$log" | cut -c -300
  else
    say "$text: done in $((SECONDS - start)) s"
  fi
  return $status
}

# build_preset PRESET [TARGET...]: configure and build, all targets or those named.
build_preset() {
  local preset=$1 targets=()
  shift
  (($#)) && targets=(--target "$@")
  logged "configuring ($preset)" "configure-$preset" cmake --preset "$preset"
  logged "building ($preset)" "build-$preset" \
    cmake --build --preset "$preset" -j "$(nproc)" "${targets[@]}"
}

# install_packages PACKAGE...: install the Debian packages that are missing, as root or through sudo.
install_packages() {
  local missing=() as_root=() package
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: make sure that the equivalents of these are installed: $*"
    return
  fi
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || fail "these packages are missing: ${missing[*]}
Install them (as root): apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo -n)
  fi
  logged "installing ${missing[*]}" setup-apt "${as_root[@]}" \
    sh -c 'export DEBIAN_FRONTEND=noninteractive
           apt-get -o DPkg::Lock::Timeout=600 update &&
           apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@"' sh "${missing[@]}"
}
