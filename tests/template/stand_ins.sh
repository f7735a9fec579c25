# What the shell of by_the_text.py has in place of commands that take minutes, or the network. Each holds what it is given
# against what the project has, so that a name or a flag that has gone is found; what it stands for is tried elsewhere in CI.
# FOLDER, PYTHON, HERE, CODE and MARKET are set by by_the_text.py.

# A release build of all functions: CI's step "sam build". What it leaves is made of the same templates.
sam() {
  case $1 in
    build) "$PYTHON" "$HERE/built.py" "$CODE" ;;
    delete) "$PYTHON" "$HERE/deleted.py" "$@" ;;
    *) command sam "$@" ;;
  esac
}

# Without pip, which makes it in a tenth of the time.
python3() {
  if [[ $1 == -m && $2 == venv ]]; then command python3 -m venv --without-pip "${@:3}"; else command python3 "$@"; fi
}

# What it installs is installed already, at the versions that CI tries.
pip() {
  [[ $1 == install ]] || return 2
  local package
  for package in "${@:2}"; do
    grep -q "^$package==" "$HERE/requirements.txt" || { echo "pip: $package is not in requirements.txt"; return 1; }
  done
}

rustup() {
  [[ $1 == target && $2 == add ]] || return 2
  rustc --print target-list | grep -qx "$3" || { echo "rustup: there is no target $3"; return 1; }
}

# `market` is on the path from here on, and not before.
cargo() {
  [[ $1 == install ]] || return 2
  "$PYTHON" "$HERE/installed.py" "${@:2}" && ln -sf "$MARKET" "$FOLDER/bin/market"
}

# Five minutes for every instance to read a secret again: none has to here.
sleep() { echo "(sleep $1)"; }
