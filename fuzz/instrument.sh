#!/bin/sh
# Compiles this package, and none that it depends on, so that libFuzzer sees which of its code an
# input reaches. The flags are those of `cargo fuzz --sanitizer none`, which stable Rust takes too.
exec "$@" -Cpasses=sancov-module \
  -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
  -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares
