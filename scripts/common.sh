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
