#!/bin/sh
# Runs a program in TypeScript with a Node.js that is too old for it: node.sh FILE ARGUMENT...
# From Node.js 18 on; esbuild takes the types away (typescript-loader.mjs).
exec node --no-warnings --experimental-loader "$(cd "$(dirname "$0")" && pwd)/typescript-loader.mjs" "$@"
