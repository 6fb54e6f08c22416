#!/bin/sh
# sh images/build.sh SERVICE: installs the packages and bundles SERVICE into /image/app. The build stage of each
# image runs it.
set -e
# node_modules is a cache that the builds of all services share.
if ! cmp -s package-lock.json node_modules/package-lock.json; then
  npm ci --workspaces --omit=dev --ignore-scripts --no-audit
  cp package-lock.json node_modules
fi
node images/bundle.ts "$1"
# The same files give the same layer, whenever and by whom they are built.
mkdir /image
mv "services/$1/dist" /image/app
chmod -R u=rwX,go=rX /image
find /image -exec touch -d @0 {} +
