#!/bin/sh
# A Nagios plugin: `jwks check` with the exit statuses that Nagios, Icinga and their kin want.
#
#   check_jwks.sh [SET...] [--url URL] [--max-age 100d]
#
# jwks check ends with 0, 1 or 7; a plugin with 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
PATH=${PATH:-/usr/bin:/bin}:/usr/local/bin
export PATH

said=$(jwks check --format nagios -q "$@" 2>&1)
said=${said:-JWKS UNKNOWN - jwks check said nothing}
case $said in
  'JWKS OK '*) code=0 ;;
  'JWKS WARNING '*) code=1 ;;
  'JWKS CRITICAL '*) code=2 ;;
  *) code=3 ;;
esac
printf '%s\n' "$said"
exit "$code"
