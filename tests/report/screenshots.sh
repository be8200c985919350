#!/usr/bin/env bash
# Looks at a page as people do: screenshots on a phone and a wide screen, light and dark.
#
#   paramctl report model/ -o report.html && tests/report/screenshots.sh report.html shots/
#
# Needs a Chromium; nothing in the test suite does.
set -euo pipefail
page=$(realpath "$1")
mkdir -p "$2"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
for width in 400 1200; do
  for scheme in light dark; do
    profile=$(mktemp -d)
    flags=()
    [ "$scheme" = dark ] && flags=(--blink-settings=preferredColorScheme=0)
    "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$profile" \
      --window-size="$width,3200" --screenshot="$2/$width-$scheme.png" "${flags[@]}" "file://$page"
    rm -rf "$profile"
  done
done
