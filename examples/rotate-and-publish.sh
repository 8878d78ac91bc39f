#!/bin/sh
# Rotates what is due, publishes the JWKS to a file, and reloads the server if the file has changed.
#
#   rotate-and-publish.sh [SET...]        of every set, if none is named
#
# For cron, a systemd timer or a Kubernetes CronJob. It says nothing where nothing was due. Its exit status is that
# of the step that failed (jwks has a table of them), 1 where the reload failed, and 0 otherwise.
#
# Settings are environment variables: those of jwks (JWKS_KEYSTORE, JWKS_SECRET_FILE, JWKS_IDENTITY, XDG_STATE_HOME
# and so on), and
#   PUBLISH_TO   the file that is served; its directory must exist
#   RELOAD       a shell command that makes the server take a new file; most serve files as they are and need none
#   VERBOSE      anything: also say what is next where nothing is due
#
# There is no lock, and any number may run at once: a change of the keystore is one atomic step, which two runs
# cannot both take, and the file is replaced whole. A run that was held up may put back a file that is a few seconds
# older; the next run mends that, long before a new key signs.
set -eu

PUBLISH_TO=${PUBLISH_TO:-/var/www/html/.well-known/jwks.json}
RELOAD=${RELOAD:-}
VERBOSE=${VERBOSE:-}

# cron's PATH is /usr/bin:/bin. What the caller has goes first.
PATH=${PATH:-/usr/bin:/bin}:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin
export PATH

say() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Whole or not at all; equal content is left alone.
publish() {
  jwks export -q -o "$PUBLISH_TO" "$@"
}

rotate() {
  if [ -n "$VERBOSE" ]; then
    jwks rotate --due "$@"
    return
  fi
  code=0
  made=$(jwks rotate --due -q "$@") || code=$?
  [ -z "$made" ] || printf '%s\n' "$made" | sed 's/^/made a key: /'
  return "$code"
}

# Also makes good what a run before this one could not: the command failed, or that run was killed in between.
reload() {
  state=${XDG_STATE_HOME:-${HOME:-}/.local/state}
  loaded=$state/jwks-loaded-$(printf %s "$PUBLISH_TO" | cksum | tr ' ' -)
  if [ ! -f "$PUBLISH_TO" ] || cmp -s "$PUBLISH_TO" "$loaded"; then return 0; fi
  mkdir -p "$state"
  # Copied first: a file that changes meanwhile then differs from what is remembered, and is loaded by the next run.
  cp "$PUBLISH_TO" "$loaded.$$"
  if (unset JWKS_SECRET && sh -c "$RELOAD"); then
    mv "$loaded.$$" "$loaded"
  else
    rm -f "$loaded.$$"
    say "the reload failed; the next run tries again: $RELOAD"
    return 1
  fi
}

if ! command -v jwks > /dev/null; then
  say "there is no jwks on the PATH, which is $PATH"
  exit 127
fi
if [ $# = 0 ]; then set -- --all; else set -- -- "$@"; fi

# Published first: a successor that cannot be published would sign all the same when its time comes. So where this
# fails nothing is rotated; a key that is overdue goes on signing. Unless all that is missing is a key.
published=0 rotated=0 reloaded=0
publish "$@" || published=$?
if [ "$published" = 5 ] && jwks export -q --allow-empty "$@" > /dev/null 2>&1; then published=0; fi
if [ "$published" = 0 ]; then
  # Where the rotation fails, what is there is published all the same: keys leave the set when their time is over.
  rotate "$@" || rotated=$?
  published=0
  publish "$@" || published=$?
else
  say "nothing was rotated, since nothing can be published"
fi
[ -z "$RELOAD" ] || reload || reloaded=$?

for code in "$rotated" "$published" "$reloaded"; do
  if [ "$code" != 0 ]; then exit "$code"; fi
done
